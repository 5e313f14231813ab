/**
 * A worker of the fleet as a process: a mailbox of its news, with a limit on how long one waits for the next.
 *
 * The end is told once the process is gone *and* its channel is drained, or the last outcome before a crash would be lost.
 * What it wrote to stderr last is kept: it is the only witness of a crash.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cut } from '../story/text.ts'
import type { News } from './serve-seeds.ts'

export type WorkerNews = News | { kind: 'ended'; how: string } | { kind: 'silent' }

export type Worker = {
  give(seeds: number[]): void
  /** `silent` if nothing comes within that time. */
  next(withinMs: number): Promise<WorkerNews>
  /** It may tidy up for a moment; resolves when it is gone. */
  stop(): void | Promise<void>
}

/** A worker that hangs does not hear that it shall go. */
const TIDYING_MS = 3_000

export function forkWorker(module: URL, args: string[]): Worker {
  const child = fork(module, args, { stdio: ['ignore', 2, 'pipe', 'ipc'], execArgv: [] })
  const mailbox = createMailbox()
  child.on('message', (news) => mailbox.put(news as News))
  const ended = endOf(child)
  void ended.then((how) => mailbox.put({ kind: 'ended', how }))
  return {
    give: (seeds) => void child.send(seeds, () => undefined),
    next: (withinMs) => mailbox.take(withinMs),
    async stop() {
      child.kill('SIGTERM')
      // tidy: timer — a process that does not end when it is told is ended in real time
      const killing = setTimeout(() => child.kill('SIGKILL'), TIDYING_MS)
      await ended
      clearTimeout(killing)
    },
  }
}

const WITNESS = 4000

async function endOf(child: ChildProcess): Promise<string> {
  let witness = ''
  child.stderr?.on('data', (data) => {
    witness = (witness + String(data)).slice(-WITNESS)
  })
  try {
    await Promise.all([once(child, 'close'), once(child, 'disconnect')])
  } catch (error) {
    return cut(String(error), WITNESS)
  }
  const end = child.signalCode ?? `exit code ${child.exitCode}`
  return `the process ended with ${end}${witness === '' ? '' : `:\n${witness.trim()}`}`
}

function createMailbox(): { put(news: WorkerNews): void; take(withinMs: number): Promise<WorkerNews> } {
  const kept: WorkerNews[] = []
  let wake = (): void => undefined
  return {
    put(news) {
      kept.push(news)
      wake()
    },
    async take(withinMs) {
      if (kept.length === 0)
        await new Promise<void>((resolve) => {
          // tidy: timer — a process that hangs is seen by real time only
          const timer = setTimeout(resolve, withinMs)
          wake = () => resolve(clearTimeout(timer))
        })
      return kept.shift() ?? { kind: 'silent' }
    },
  }
}
