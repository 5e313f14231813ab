/** The fleet, with invented workers, and with real processes that die and hang. */
import { describe, expect, test } from 'vitest'
import { type FleetOptions, runFleet } from '../src/cli/fleet.ts'
import type { Outcome } from '../src/story/outcome.ts'
import { type News, serveSeeds } from '../src/cli/serve-seeds.ts'
import { brokenRun, createSimulator } from '../src/cli/simulator.ts'
import { forkWorker, type Worker, type WorkerNews } from '../src/cli/worker-process.ts'
import { line, outcomeWith, planWith, violated } from './support/samples.ts'

type Script = (seed: number) => WorkerNews

const done = (seed: number, rest: Partial<Outcome> = {}): News => ({
  kind: 'done',
  outcome: outcomeWith({ seed, ...rest }),
})

/** Answers each seed as the script says; after an end it says nothing more. */
function invented(script: Script, log: { started: number; given: number[][]; stopped: number }): Worker {
  const news: WorkerNews[] = [{ kind: 'ready' }]
  log.started += 1
  return {
    give(seeds) {
      log.given.push(seeds)
      for (const seed of seeds) news.push({ kind: 'begun', seed }, script(seed))
    },
    next: () => Promise.resolve(news.shift() ?? { kind: 'silent' }),
    stop: () => void (log.stopped += 1),
  }
}

async function run(script: Script, options: Partial<FleetOptions> = {}) {
  const log = { started: 0, given: [] as number[][], stopped: 0 }
  const outcomes: Outcome[] = []
  await runFleet({
    from: 1,
    seeds: 20,
    processes: 2,
    start: () => invented(script, log),
    onOutcome: (outcome) => void outcomes.push(outcome),
    ...options,
  })
  return { ...log, outcomes, seeds: bySeed(outcomes).map(({ seed }) => seed) }
}

const bySeed = (outcomes: Outcome[]): Outcome[] => outcomes.toSorted((a, b) => a.seed - b.seed)
const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1)
const broken = (outcomes: Outcome[]): unknown[] =>
  bySeed(outcomes).flatMap(({ seed, violations }) =>
    violations.map(({ promise, what }) => [seed, promise, what]),
  )

describe('invented workers', () => {
  test('[T8.6] each seed once, in chunks, on so many processes', async () => {
    const { seeds, given, started, stopped } = await run(done)
    expect(seeds).toEqual(upTo(20))
    expect(given.map((chunk) => chunk.length)).toEqual([5, 5, 5, 5])
    expect([started, stopped]).toEqual([2, 2])
  })

  test('[T8.6] no more processes than chunks, and a last chunk may be short', async () => {
    const { seeds, started } = await run(done, { from: 0, seeds: 7, processes: 64, chunk: 4 })
    expect(seeds).toEqual([0, 1, 2, 3, 4, 5, 6])
    expect(started).toBe(2)
  })

  test('[T8.6] the seed of a process that ends or falls silent is violated, the others still run once', async () => {
    const script: Script = (seed) => {
      if (seed === 7) return { kind: 'ended', how: 'the process ended with SIGSEGV' }
      return seed === 12 ? { kind: 'silent' } : done(seed)
    }
    const { seeds, outcomes, started, stopped } = await run(script)
    expect(seeds).toEqual(upTo(20))
    expect(broken(outcomes)).toEqual([
      [7, 'run', 'the process ended with SIGSEGV'],
      [12, 'run', 'nothing was heard of it for 60 s'],
    ])
    expect(started).toBe(4)
    expect(stopped).toBe(started)
  })

  test('[T8.6] if every seed kills its process, every seed is violated', async () => {
    const { seeds, outcomes } = await run(() => ({ kind: 'ended', how: 'gone' }), { seeds: 6 })
    expect(seeds).toEqual(upTo(6))
    expect(broken(outcomes)).toHaveLength(6)
  })

  test('[T8.6] a process retires after so many seeds', async () => {
    const { seeds, started } = await run(done, { seeds: 40, processes: 1, seedsPerProcess: 10 })
    expect(seeds).toEqual(upTo(40))
    expect(started).toBe(4)
  })

  test('[T8.6] it stops at the first violation if it is asked to, and goes on if not', async () => {
    const script: Script = (seed) => done(seed, { violations: seed % 8 === 0 ? [violated('P3')] : [] })
    const stopped = await run(script, { seeds: 1000, processes: 1, stopAtFirst: true })
    expect(stopped.seeds).toEqual(upTo(8))
    expect(stopped.stopped).toBeGreaterThan(0)
    expect((await run(script, { seeds: 1000 })).seeds).toEqual(upTo(1000))
  })

  test('[T8.6] an interruption ends it without an error', async () => {
    const interruption = new AbortController()
    const script: Script = (seed) => {
      if (seed === 6) interruption.abort()
      return done(seed)
    }
    const { seeds } = await run(script, { processes: 1, seeds: 1000, signal: interruption.signal })
    expect(seeds).toEqual(upTo(5))
  })

  test('[T8.6] a process that cannot start ends the run, and stops the others', async () => {
    const log = { started: 0, given: [], stopped: 0 }
    const mute: Worker = {
      give: () => undefined,
      next: () => Promise.resolve({ kind: 'ended', how: 'no environment' }),
      stop: () => undefined,
    }
    const start = (): Worker => (log.started === 1 ? mute : invented(done, log))
    await expect(run(done, { seeds: 1_000_000, start })).rejects.toThrow('could not start: no environment')
    expect(log.stopped).toBeGreaterThan(0)
  })
})

describe('real processes', () => {
  const CHILD = new URL('support/child.mjs', import.meta.url)

  test('[T8.6] they run seeds, die, are killed and hang, and are replaced', async () => {
    const { seeds, outcomes } = await run(done, { start: () => forkWorker(CHILD, []), silenceMs: 3000 })
    expect(seeds).toEqual(upTo(20))
    expect(broken(outcomes)).toEqual([
      [13, 'run', 'the process ended with exit code 3:\nout of luck'],
      [14, 'run', 'the process ended with SIGKILL'],
      [17, 'run', 'nothing was heard of it for 3 s'],
    ])
  })

  test('[T8.6] one that fails at its start says why', async () => {
    const start = (): Worker => forkWorker(CHILD, ['broken'])
    await expect(run(done, { start })).rejects.toThrow(/could not start: .*exit code 1:[^]*no environment/)
  })

  test('[T8.6] one whose file is not there does so, too', async () => {
    const start = (): Worker => forkWorker(new URL('nowhere.mjs', CHILD), [])
    await expect(run(done, { start })).rejects.toThrow(/Cannot find module/)
  })
})

describe("a worker's side", () => {
  test('[T8.6] names a seed before it runs; a story travels only with a violation', async () => {
    const news: News[] = []
    const lines = [line(0, 'a', 'x')]
    await serveSeeds(
      [4, 5],
      {
        planOf: (seed) => planWith([], { seed }),
        run: ({ seed }) =>
          Promise.resolve(outcomeWith({ seed, lines, violations: seed === 5 ? [violated('P3')] : [] })),
        close: () => Promise.resolve(),
      },
      (item) => void news.push(item),
    )
    expect(news).toEqual([
      { kind: 'begun', seed: 4 },
      done(4),
      { kind: 'begun', seed: 5 },
      done(5, { lines, violations: [violated('P3')] }),
    ])
  })

  test('[T8.6] a run that throws is a violation, and its environment is not used again', async () => {
    let environments = 0
    const used: number[] = []
    const closed: number[] = []
    const open = (n: number) => ({ n, close: () => Promise.resolve(void closed.push(n)) })
    const simulator = await createSimulator({
      planOf: (seed) => planWith([], { seed }),
      openEnvironment: () => Promise.resolve(open((environments += 1))),
      runPlan(environment, { seed }) {
        used.push(environment.n)
        return seed === 2 ? Promise.reject(new Error('broke')) : Promise.resolve(outcomeWith({ seed }))
      },
    })
    const outcomes = []
    for (const seed of [1, 2, 3]) outcomes.push(await simulator.run(simulator.planOf(seed)))
    expect(used).toEqual([1, 1, 2])
    expect(closed).toEqual([1])
    expect(outcomes[1]).toEqual(brokenRun(2, expect.stringContaining('Error: broke')))
    expect([outcomes[0]?.violations, outcomes[2]?.violations]).toEqual([[], []])
  })
})
