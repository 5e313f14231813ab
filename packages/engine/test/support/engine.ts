/** An engine on SQLite in memory with virtual time and a network of the test's making. */
import { createEngine } from '../../src/engine.ts'
import { openMemory } from '../../src/adapters/sqlite-wasm.ts'
import { platformNetwork } from '../../src/adapters/platform.ts'
import type { EngineApi, EngineEvent } from '../../src/api.ts'
import { createLiveQueries } from '../../src/live/live-queries.ts'
import type { DatabaseFiles, Network } from '../../src/ports.ts'
import { openStore } from '../../src/store/open-store.ts'
import { createVirtualClock, type VirtualClock } from './clock.ts'
import { manifest } from './schema.ts'

export type TestEngine = { engine: EngineApi; clock: VirtualClock; events: EngineEvent[] }

export type TestEngineOptions = {
  network?: Network
  url?: string
  storage?: DatabaseFiles
  token?: () => Promise<string | null>
}

export const NO_NETWORK: Network = { fetch: () => Promise.reject(new TypeError('no network')) }

const IN_MEMORY: DatabaseFiles = {
  kind: 'memory',
  persisted: async () => false,
  exist: async () => true,
  remove: async () => {},
}

export async function openEngine(options: TestEngineOptions = {}): Promise<TestEngine> {
  const clock = createVirtualClock()
  const driver = await openMemory()
  const events: EngineEvent[] = []
  const listener = (event: EngineEvent): void => void events.push(event)
  const randomness = { number: () => 0.5, uuid: () => '11111111-2222-4333-8444-555555555555' }
  const engine = createEngine({
    store: openStore(driver, manifest, { clock, randomness }),
    live: createLiveQueries(driver, listener),
    driver,
    manifest,
    url: options.url ?? 'http://127.0.0.1:9/sync',
    network: options.network ?? (options.url === undefined ? NO_NETWORK : platformNetwork),
    clock,
    randomness,
    token: options.token ?? (async () => 'ada'),
    storage: options.storage ?? IN_MEMORY,
    signals: () => () => {},
    listener,
  })
  return { engine, clock, events }
}
