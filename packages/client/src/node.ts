/**
 * Opens a database in Node: the engine runs in this process, without a worker.
 *
 * In memory only for now: unsynced changes are gone when the process ends.
 */
import {
  createEngine,
  createLiveQueries,
  type DatabaseFiles,
  type EngineEvent,
  type EngineListener,
  openMemory,
  openStore,
  platformClock,
  platformNetwork,
  platformRandomness,
  platformSignals,
} from '@landfall/engine'
import { LandfallError } from '@landfall/protocol'
import { Landfall } from './landfall.ts'
import type { EngineLink } from './link/link.ts'
import type { LandfallOptions } from './options.ts'

/** What `openLandfall` needs in Node. */
export type NodeOptions<Sqlite> = Omit<LandfallOptions<Sqlite>, 'database'> & {
  /** `:memory:`; anything else rejects with `not_available`, until files are built. */
  file: string
}

const IN_MEMORY: DatabaseFiles = {
  kind: 'memory',
  persisted: async () => false,
  exist: async () => true,
  remove: async () => {},
}

/**
 * Opens a database in this process, without a worker, and starts syncing it: for scripts, tests and servers. It is in
 * memory, so what was not synced is gone when the process ends.
 *
 * Rejects with `not_available` for a file.
 */
export async function openLandfall<Sqlite extends Record<string, unknown>>(
  options: NodeOptions<Sqlite>,
): Promise<Landfall<Sqlite>> {
  const { sync, url, file } = options
  if (file !== ':memory:') throw new LandfallError('not_available', { call: 'openLandfall', file })
  const early: EngineEvent[] = []
  let listener: EngineListener = (event) => early.push(event)
  const listen: EngineListener = (event) => listener(event)
  const ports = { clock: platformClock, randomness: platformRandomness, network: platformNetwork }
  const driver = await openMemory()
  const store = openStore(driver, sync.manifest, ports)
  const live = createLiveQueries(driver, listen)
  const token = async (): Promise<string | null> => options.getToken()
  const rest = { token, storage: IN_MEMORY, signals: platformSignals, listener: listen }
  const api = createEngine({ store, driver, live, manifest: sync.manifest, url, ...ports, ...rest })
  const link: EngineLink = {
    api,
    listen(next) {
      listener = next
      for (const event of early.splice(0)) next(event)
    },
    signal: () => {},
    end: () => {},
  }
  return Landfall.over(link, sync.sqlite)
}

export type { Landfall } from './landfall.ts'
export { LandfallError } from '@landfall/protocol'
