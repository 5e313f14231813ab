/** One question and its answer between the bench's page and its worker; both ends of the wire. */

/** What the worker can be asked; each answer is wall milliseconds, or 0 for preparations. */
export type WorkerApi = {
  openLocal(options: { directory: string }): Promise<number>
  bulk(options: { side: LocalSideName; seed: number; count: number }): Promise<number>
  singles(options: { side: LocalSideName; seed: number; count: number }): Promise<number>
  closeLocal(options: object): Promise<number>
  prepareLoad(options: { seed: number; count: number; space: number }): Promise<number>
  load(options: { directory: string }): Promise<number>
}

export type LocalSideName = 'bare' | 'captured'

export type WorkerCall = {
  [Name in keyof WorkerApi]: { name: Name; options: Parameters<WorkerApi[Name]>[0] }
}[keyof WorkerApi]

type Question = WorkerCall & { id: number }
type Answer = { id: number; ms: number } | { id: number; error: string }

/** The page's end: one call at a time is enough for a bench, yet answers carry their question's id. */
export function createWorkerCaller(worker: Worker): (call: WorkerCall) => Promise<number> {
  const open = new Map<number, { resolve(ms: number): void; reject(error: Error): void }>()
  worker.onmessage = ({ data }: MessageEvent<Answer>) => {
    const waiting = open.get(data.id)
    open.delete(data.id)
    if ('error' in data) waiting?.reject(new Error(data.error))
    else waiting?.resolve(data.ms)
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
    const handler = api[data.name] as (options: Question['options']) => Promise<number>
    handler(data.options).then(
      (ms) => postMessage({ id: data.id, ms } satisfies Answer),
      (error: unknown) => postMessage({ id: data.id, error: explain(error) } satisfies Answer),
    )
  })
}

function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const details = 'details' in error ? ` ${JSON.stringify(error.details)}` : ''
  return `${error.stack ?? error.message}${details}`
}
