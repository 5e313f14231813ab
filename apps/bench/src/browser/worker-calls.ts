/** One question and its answer between the bench's page and its worker; both ends of the wire. */
import type { RowsOptions } from '../shared/rows.ts'

/** What the worker can be asked. */
export type WorkerApi = {
  openLocal(options: { directory: string }): Promise<void>
  /** Makes the rows of the next `bulk` or `singles`. */
  prepareLocal(options: RowsOptions): Promise<void>
  /** Wall milliseconds. */
  bulk(options: { side: LocalSideName }): Promise<number>
  singles(options: { side: LocalSideName }): Promise<number>
  countLocal(options: { side: LocalSideName }): Promise<number>
  closeLocal(options: object): Promise<void>
  prepareLoad(options: RowsOptions): Promise<void>
  /** Wall milliseconds. */
  load(options: { directory: string }): Promise<number>
  /** Gives the number of rows loaded and deletes them. */
  unload(options: object): Promise<number>
}

export type LocalSideName = 'bare' | 'captured'

export type WorkerCall = {
  [Name in keyof WorkerApi]: { name: Name; options: Parameters<WorkerApi[Name]>[0] }
}[keyof WorkerApi]

type Question = WorkerCall & { id: number }
type Answer = { id: number; value: number | void } | { id: number; error: string }
type Waiting = { resolve(value: number): void; reject(error: Error): void }

/** The page's end: one call at a time is enough for a bench, yet answers carry their question's id. */
export function createWorkerCaller(worker: Worker): (call: WorkerCall) => Promise<number> {
  const open = new Map<number, Waiting>()
  worker.onmessage = ({ data }: MessageEvent<Answer>) => {
    const waiting = open.get(data.id)
    open.delete(data.id)
    if ('error' in data) waiting?.reject(new Error(data.error))
    else waiting?.resolve(data.value ?? 0)
  }
  worker.onerror = ({ message }) => {
    for (const { reject } of open.values()) reject(new Error(`The bench's worker failed: ${message}`))
  }
  let id = 0
  return (call) =>
    new Promise((resolve, reject) => {
      id += 1
      open.set(id, { resolve, reject })
      worker.postMessage({ ...call, id })
    })
}

/** The worker's end. */
export function serveWorkerCalls(api: WorkerApi): void {
  addEventListener('message', ({ data }: MessageEvent<Question>) => {
    const handler = api[data.name] as (options: Question['options']) => Promise<number | void>
    handler(data.options).then(
      (value) => postMessage({ id: data.id, value } satisfies Answer),
      (error: unknown) => postMessage({ id: data.id, error: explain(error) } satisfies Answer),
    )
  })
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const details = 'details' in error ? ` ${JSON.stringify(error.details)}` : ''
  return `${error.stack ?? error.message}${details}`
}
