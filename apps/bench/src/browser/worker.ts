/** The bench's own worker: the engine's store and the bare driver beneath it, without client, tabs or network. */
import { load, prepareLoad, unload } from './load-floor.ts'
import { bulk, closeLocal, countLocal, openLocal, prepareLocal, singles } from './local.ts'
import { serveWorkerCalls } from './worker-calls.ts'

serveWorkerCalls({
  openLocal,
  prepareLocal,
  bulk,
  singles,
  countLocal,
  closeLocal,
  prepareLoad,
  load,
  unload,
})
