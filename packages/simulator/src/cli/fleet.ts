/**
 * Runs many seeds on several processes, for a simulated world uses one core.
 *
 * Seeds are handed out in small chunks, so that no process idles while another has a long list. A process that dies or
 * falls silent is killed: the seed it had begun has violated the promise `run`, the rest of its chunk goes back, and
 * another process takes its place. A process also retires after some hundred seeds, whatever memory it has gathered.
 * One that cannot even start ends the whole run, since the next would not either.
 *
 * It does not know what a process is: `Worker` has the clock and the pipes.
 */
import type { Outcome } from '../story/outcome.ts'
import { brokenRun } from './simulator.ts'
import type { Worker } from './worker-process.ts'

export type FleetOptions = {
  from: number
  seeds: number
  processes: number
  start(): Worker
  onOutcome(outcome: Outcome): void
  stopAtFirst?: boolean
  /** Ends the run early, without an error. */
  signal?: AbortSignal
  chunk?: number
  seedsPerProcess?: number
  silenceMs?: number
}

type Fleet = {
  limits: { chunk: number; seedsPerProcess: number; silenceMs: number }
  queue: Queue
  start(): Worker
  report(outcome: Outcome): void
  halted: AbortSignal
  /** Processes that were told to stop: the run waits for them at its end. */
  leaving: Promise<void>[]
}

export async function runFleet(options: FleetOptions): Promise<void> {
  const { chunk = 5, seedsPerProcess = 500, silenceMs = 60_000, signal } = options
  const halt = new AbortController()
  const fleet: Fleet = {
    limits: { chunk, seedsPerProcess, silenceMs },
    queue: createQueue(options.from, options.seeds),
    start: () => options.start(),
    halted: signal ? AbortSignal.any([halt.signal, signal]) : halt.signal,
    leaving: [],
    report(outcome) {
      options.onOutcome(outcome)
      if (options.stopAtFirst && outcome.violations.length > 0) halt.abort()
    },
  }
  const places = Math.min(options.processes, Math.ceil(options.seeds / chunk))
  const all = Array.from({ length: places }, () => keepStaffed(fleet))
  const first = Promise.all(all)
  await first.catch(() => halt.abort())
  await Promise.allSettled(all)
  await Promise.all(fleet.leaving)
  await first
}

async function keepStaffed(fleet: Fleet): Promise<void> {
  while (!fleet.halted.aborted && fleet.queue.hasMore()) await employ(fleet)
}

/** One process, from its start to its retirement or loss. */
async function employ(fleet: Fleet): Promise<void> {
  const worker = fleet.start()
  const stop = (): void => void worker.stop()
  fleet.halted.addEventListener('abort', stop)
  try {
    await awaitReady(fleet, worker)
    let served = 0
    for (let fit = true; fit && served < fleet.limits.seedsPerProcess; served += fleet.limits.chunk) {
      const seeds = fleet.halted.aborted ? [] : fleet.queue.take(fleet.limits.chunk)
      fit = seeds.length > 0 && (await serve(fleet, worker, seeds))
    }
  } finally {
    fleet.halted.removeEventListener('abort', stop)
    fleet.leaving.push(Promise.resolve(worker.stop()))
  }
}

async function awaitReady({ limits, halted }: Fleet, worker: Worker): Promise<void> {
  const news = await worker.next(limits.silenceMs)
  if (news.kind === 'ready' || halted.aborted) return
  const why = news.kind === 'ended' ? news.how : `not ready within ${limits.silenceMs / 1000} s`
  throw new Error(`A process of the simulation could not start: ${why}`)
}

/** Whether the worker is fit for more seeds. */
async function serve(fleet: Fleet, worker: Worker, seeds: number[]): Promise<boolean> {
  const open = new Set(seeds)
  let current = seeds[0] ?? 0
  worker.give(seeds)
  while (open.size > 0) {
    const news = await worker.next(fleet.limits.silenceMs)
    if (fleet.halted.aborted) return false
    if (news.kind === 'begun') current = news.seed
    if (news.kind === 'done') {
      open.delete(news.outcome.seed)
      fleet.report(news.outcome)
    }
    if (news.kind !== 'ended' && news.kind !== 'silent') continue
    open.delete(current)
    fleet.queue.giveBack([...open])
    const silence = `nothing was heard of it for ${fleet.limits.silenceMs / 1000} s`
    fleet.report(brokenRun(current, news.kind === 'ended' ? news.how : silence))
    return false
  }
  return true
}

type Queue = { hasMore(): boolean; take(count: number): number[]; giveBack(seeds: number[]): void }

/** Not a list: a run may be over millions of seeds. */
function createQueue(from: number, count: number): Queue {
  const returned: number[] = []
  let next = from
  const left = (): number => from + count - next
  return {
    hasMore: () => returned.length > 0 || left() > 0,
    take(wanted) {
      const again = returned.splice(0, wanted)
      const fresh = Math.min(wanted - again.length, left())
      const seeds = [...again, ...Array.from({ length: fresh }, (_, index) => next + index)]
      next += fresh
      return seeds
    },
    giveBack: (seeds) => void returned.push(...seeds),
  }
}
