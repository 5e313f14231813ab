/**
 * Starts the worker and links to it. When the worker fails, at once or later, every call rejects.
 *
 * Three signs show a failure: the worker's `error` event (it could not be loaded, or threw at its top level), no hello in
 * time, and the Web Lock that the worker holds for its life. The page requests the same lock, and the browser grants it
 * when the worker is gone, however it ended.
 */
import type { EngineEvent, EngineListener } from '@landfall/engine'
import { decodeError, LandfallError } from '@landfall/protocol'
import { createCalls, type Calls } from './calls.ts'
import type { EngineLink } from './link.ts'
import { isEventMessage, type OpenMessage, type WorkerEvent } from './messages.ts'
import { attempt } from './outcome.ts'
import { remoteEngine, remoteHost } from './remote-engine.ts'

/** Longer than the engine tries to open storage that lingering handles hold. */
const HELLO_TIMEOUT_MS = 30_000

export type WorkerLinkOptions = Omit<OpenMessage, 'landfall' | 'aliveLock'> & {
  worker: Worker
  getToken: () => Promise<string | null> | string | null
}

export async function openWorkerLink({
  worker,
  getToken,
  ...options
}: WorkerLinkOptions): Promise<EngineLink> {
  const calls = createCalls()
  const ended = new AbortController()
  const { port1: port, port2 } = new MessageChannel()
  const aliveLock = `landfall-alive:${crypto.randomUUID()}`
  const host = remoteHost(port)
  const early: EngineEvent[] = []
  let listener: EngineListener = (event) => early.push(event)

  function end(error: LandfallError): void {
    calls.fail(error)
    ended.abort()
    port.close()
    worker.terminate()
  }

  async function answerToken(id: number): Promise<void> {
    const outcome = await attempt(() => askApp(getToken))
    await host.token(id, outcome)
  }

  const hello = new Promise<void>((resolve) => {
    port.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      if (!isEventMessage(data)) return
      const event: WorkerEvent = data.landfall
      if (event.kind === 'hello') return resolve()
      if (event.kind === 'failed') return end(decodeError(event.error))
      if (event.kind === 'needToken') return void answerToken(event.id).catch(() => {})
      listener(event)
    })
  })
  port.start()
  failWith(worker, end)
  worker.postMessage({ landfall: 'open', aliveLock, ...options } satisfies OpenMessage, [port2])
  await helloInTime(hello, { calls, end })
  watchLife(aliveLock, { signal: ended.signal, gone: end })

  return {
    api: remoteEngine(host, calls),
    listen(next) {
      listener = next
      for (const event of early.splice(0)) next(event)
    },
    signal: (signal) => void host.signal(signal).catch(() => {}),
    end: () => end(new LandfallError('database_closed')),
  }
}

/** The app's own error, such as a fetch without a network, is no bug of ours. */
async function askApp(getToken: WorkerLinkOptions['getToken']): Promise<string | null> {
  try {
    return await getToken()
  } catch (error) {
    if (error instanceof LandfallError) throw error
    throw new LandfallError('token_failed', { cause: error instanceof Error ? error.message : String(error) })
  }
}

function failWith(worker: Worker, end: (error: LandfallError) => void): void {
  worker.addEventListener('error', (event) => {
    event.preventDefault()
    end(new LandfallError('worker_failed', { cause: event.message || 'the worker could not be loaded' }))
  })
  worker.addEventListener('messageerror', () => {
    end(new LandfallError('worker_failed', { cause: 'a message to the worker could not be read' }))
  })
}

type Ending = { calls: Calls; end: (error: LandfallError) => void }

/** Rejects when the worker fails first, or says nothing. */
async function helloInTime(hello: Promise<void>, { calls, end }: Ending): Promise<void> {
  const silent = new LandfallError('worker_failed', { cause: `no answer within ${HELLO_TIMEOUT_MS} ms` })
  const timer = setTimeout(() => end(silent), HELLO_TIMEOUT_MS)
  try {
    await calls.run(() => hello)
  } finally {
    clearTimeout(timer)
  }
}

function watchLife(lock: string, watch: { signal: AbortSignal; gone: (error: LandfallError) => void }): void {
  const granted = (): void => watch.gone(new LandfallError('worker_failed', { cause: 'the worker has died' }))
  navigator.locks.request(lock, { signal: watch.signal }, granted).catch(() => {}) // rejects when we end first
}
