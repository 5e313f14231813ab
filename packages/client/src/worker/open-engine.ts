/** Opens the database's files and puts an engine on them, with the real ports of a browser's worker. */
import {
  createEngine,
  createLiveQueries,
  type EngineApi,
  type EngineListener,
  openOpfs,
  openStore,
  platformClock,
  platformNetwork,
  platformRandomness,
  type Signals,
  type TokenSource,
} from '@landfall/engine'
import type { OpenMessage } from '../link/messages.ts'
import { directoryOf } from './directory.ts'

export type OpenEngineOptions = {
  message: OpenMessage
  listener: EngineListener
  token: TokenSource
  signals: Signals
}

export async function openEngine({
  message,
  listener,
  token,
  signals,
}: OpenEngineOptions): Promise<EngineApi> {
  const { manifest, url, wasmUrl } = message
  const clock = platformClock
  const randomness = platformRandomness
  const directory = directoryOf(message.database)
  const database = await openOpfs({ directory, clock, ...(wasmUrl === null ? {} : { wasmUrl }) })
  const { driver } = database
  try {
    const store = openStore(driver, manifest, { clock, randomness })
    const live = createLiveQueries(driver, listener)
    const storage = {
      kind: 'opfs' as const,
      persisted: () => navigator.storage.persisted(),
      exist: () => database.isIntact(),
      remove: () => database.remove(),
    }
    const ports = { network: platformNetwork, clock, randomness, token, storage, signals, listener }
    return createEngine({ store, driver, live, manifest, url, ...ports })
  } catch (error) {
    driver.close()
    throw error
  }
}
