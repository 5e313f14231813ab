/** The page of the bench: puts its functions where Node finds them. */
import {
  clientBulk,
  clientSingles,
  countClient,
  openLoaded,
  openPaused,
  prepareClient,
  wipeClient,
} from './client.ts'
import type { PageApi } from './page-api.ts'
import { roundTrip, watch, whenSeen, write } from './screen.ts'
import { createWorkerCaller, type WorkerCall } from './worker-calls.ts'

let callWorker: ((call: WorkerCall) => Promise<number>) | undefined

function worker(call: WorkerCall): Promise<number> {
  callWorker ??= createWorkerCaller(new Worker('/worker.js', { type: 'module' }))
  return callWorker(call)
}

const api: PageApi = {
  worker,
  openPaused,
  openLoaded,
  countClient,
  wipeClient,
  prepareClient,
  clientBulk,
  clientSingles,
  watch,
  write,
  whenSeen,
  roundTrip,
}

Object.assign(globalThis, { bench: api })
