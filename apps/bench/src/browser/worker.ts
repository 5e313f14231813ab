/** The bench's own worker: the engine's store and the bare driver beneath it, without client, tabs or network. */
import { serveWorkerCalls } from './worker-calls.ts'
import { load, prepareLoad } from './load-floor.ts'
import { bulk, closeLocal, openLocal, singles } from './local.ts'

serveWorkerCalls({ openLocal, bulk, singles, closeLocal, prepareLoad, load })
