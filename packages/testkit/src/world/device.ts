/**
 * A simulated device: the real engine on real SQLite (in memory), on the world's clock, network and seed.
 *
 * Its `EngineApi` is the one a browser's worker offers; `rows` reads the mirror the way the app would.
 */
import {
  createEngine,
  createLiveQueries,
  type EngineApi,
  type EngineEvent,
  type EngineStatus,
  openMemory,
  openStore,
  type SqlParam,
} from '@landfall/engine'
import type { Clock, Manifest } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import type { DeviceNetwork } from './network.ts'
import type { SeededRandom } from './random.ts'

export type Row = { [column: string]: SqliteValue }

export type Device = {
  readonly name: string
  readonly engine: EngineApi
  readonly network: DeviceNetwork
  /** Everything the engine has told, in order. */
  readonly events: readonly EngineEvent[]
  status(): Promise<EngineStatus>
  run(sql: string, params?: SqlParam[]): Promise<void>
  rows(sql: string, params?: SqlParam[]): Promise<Row[]>
  /** Changes the database behind the engine's back: nothing is captured. */
  damage(sql: string, params?: SqliteValue[]): void
}

export type DeviceParts = {
  name: string
  token: string
  manifest: Manifest
  url: string
  clock: Clock
  random: SeededRandom
  network: DeviceNetwork
}

export async function openDevice(parts: DeviceParts): Promise<Device> {
  const { name, manifest, url, clock, random, network } = parts
  const randomness = random.fork(name)
  const driver = await openMemory()
  const events: EngineEvent[] = []
  const listener = (event: EngineEvent): void => void events.push(event)
  const engine = createEngine({
    store: openStore(driver, manifest, { clock, randomness }),
    live: createLiveQueries(driver, listener),
    driver,
    manifest,
    url,
    network,
    clock,
    randomness,
    token: async () => parts.token,
    storage: {
      kind: 'memory',
      persisted: async () => false,
      exist: async () => true,
      remove: async () => {},
    },
    signals: () => () => {},
    listener,
  })
  return {
    name,
    engine,
    network,
    events,
    status: () => engine.status(),
    async run(sql, params = []) {
      await engine.query(sql, params)
    },
    async rows(sql, params = []) {
      const { columns, rows } = await engine.query(sql, params)
      return rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i] ?? null])))
    },
    damage(sql, params = []) {
      driver.exec('UPDATE landfall_guard SET capturing = 0')
      driver.prepare(sql).run(params)
      driver.exec('UPDATE landfall_guard SET capturing = 1')
    },
  }
}
