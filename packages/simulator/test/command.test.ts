/** The command on a host without processes, files or a terminal. */
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parseCommand } from '../src/cli/command.ts'
import { landfallSim } from '../src/cli/landfall-sim.ts'
import { loadApp } from '../src/cli/load-app.ts'
import type { Outcome } from '../src/story/outcome.ts'
import { formatPlan } from '../src/plan/plan-json.ts'
import type { Plan } from '../src/plan/plan.ts'
import type { Simulator } from '../src/cli/simulator.ts'
import type { CommandHost } from '../src/cli/command-host.ts'
import type { Worker, WorkerNews } from '../src/cli/worker-process.ts'
import { line, outcomeWith, pass, planWith, violated, write } from './support/samples.ts'

/** Violates P3 wherever a device writes "bad"; seeds that end in 7 make such plans. */
const simulator: Simulator = {
  planOf: (seed) =>
    planWith([pass(1000), write('a', 'good'), write('b', seed % 10 === 7 ? 'bad' : 'good'), pass(500)], {
      seed,
    }),
  run: (plan) => Promise.resolve(outcomeOf(plan)),
  close: () => Promise.resolve(),
}

function outcomeOf({ seed, steps }: Plan): Outcome {
  const lines = steps.map((step, index) => line(index, 'device' in step ? step.device : 'world', step.kind))
  const bad = JSON.stringify(steps).includes('"bad"')
  return outcomeWith({
    seed,
    steps: steps.length,
    lines,
    violations: bad ? [violated('P3', lines.length)] : [],
  })
}

function workerOf({ planOf }: Simulator): Worker {
  const news: WorkerNews[] = [{ kind: 'ready' }]
  return {
    give: (seeds) =>
      void news.push(...seeds.map((seed) => ({ kind: 'done' as const, outcome: outcomeOf(planOf(seed)) }))),
    next: () => Promise.resolve(news.shift() ?? { kind: 'silent' }),
    stop: () => undefined,
  }
}

async function landfall(
  text: string,
  { files = {}, ...rest }: Partial<CommandHost> & { files?: Record<string, string> } = {},
) {
  const host = { printed: '', noted: '', written: new Map<string, string>() }
  const code = await landfallSim(text.split(' ').filter(Boolean), {
    checkApp: async (app) => void (app !== undefined && (await loadApp(app))),
    openSimulator: () => Promise.resolve(simulator),
    startWorker: () => workerOf(simulator),
    cores: 2,
    readFile(path) {
      const found = files[path]
      if (found === undefined) throw new Error('ENOENT: no such file')
      return found
    },
    writeFile: (path, content) => void host.written.set(path, content),
    print: (printed) => void (host.printed += printed),
    note: (noted) => void (host.noted += noted),
    now: () => 0,
    every: () => () => undefined,
    interruption: () => new AbortController().signal,
    ...rest,
  })
  return { code, ...host }
}

describe('run', () => {
  test('[T8] many seeds without a violation: the report, exit code 0', async () => {
    const { code, printed } = await landfall('run --seeds 6')
    expect(printed).toMatch(/^6 seeds, 24 steps/)
    expect(printed).toContain('nothing violated')
    expect(code).toBe(0)
  })

  test('[T8] a violation: its story, the report, the command that shrinks it, exit code 1', async () => {
    const { code, printed } = await landfall('run --seeds 20 --from 1 --processes 1')
    expect(printed).toMatch(/^seed {6}7: 4 steps/)
    expect(printed).toContain('!!  VIOLATED P3')
    expect(printed).toContain('VIOLATED P3 in 2 seeds: 7, 17\n')
    expect(printed).toMatch(/landfall-sim replay 7 --shrink\n$/)
    expect(code).toBe(1)
  })

  test('[T8] --stop-at-first stops', async () => {
    const { code, printed } = await landfall('run --seeds 1000 --processes 1 --stop-at-first')
    expect(printed).toContain('\n7 seeds, ')
    expect(code).toBe(1)
  })

  test('[T8] an interruption reports what there is, and is no success', async () => {
    const { code, printed } = await landfall('run --seeds 20', { interruption: () => AbortSignal.abort() })
    expect(printed).toMatch(/^0 seeds/)
    expect(code).toBe(2)
  })

  test('[T8] processes that cannot start: the report so far, why, exit code 2', async () => {
    const startWorker = (): Worker => ({
      give: () => undefined,
      next: () => Promise.resolve({ kind: 'ended', how: 'no environment' }),
      stop: () => undefined,
    })
    const { code, printed, noted } = await landfall('run', { startWorker })
    expect(printed).toMatch(/^0 seeds/)
    expect(noted).toContain('could not start: no environment')
    expect(code).toBe(2)
  })

  test('[T8] a line of progress now and then', async () => {
    const every: CommandHost['every'] = (_, action) => {
      action()
      return () => undefined
    }
    expect((await landfall('run --seeds 1234', { every })).noted).toBe(
      '0 of 1,234 seeds, 0 a minute, 0 violated\n',
    )
  })
})

describe('replay', () => {
  test('[T8] a seed: its story, and the page if it is asked for', async () => {
    const { code, printed, written } = await landfall('replay 8 --html story.html')
    expect(printed).toMatch(/^seed {6}8: 4 steps/)
    expect(written.get('story.html')).toMatch(/^<!doctype html>/)
    expect(code).toBe(0)
    expect((await landfall('replay 17')).code).toBe(1)
  })

  test('[T8] --shrink: the small plan as JSON, then its story; the plan can be replayed', async () => {
    const { code, printed } = await landfall('replay 17 --shrink')
    const small = printed.slice(0, printed.indexOf('\n}\n') + 3)
    expect(small).toBe(
      formatPlan(
        planWith([write('b', 'bad')], {
          seed: 17,
          servers: 1,
          devices: [{ name: 'b', user: 'ada', skewMs: 0 }],
        }),
      ),
    )
    expect(printed).toContain('seed      17: 1 step, 1 line')
    expect(code).toBe(1)
    const again = await landfall('replay --plan small.json', { files: { 'small.json': small } })
    expect(again.code).toBe(1)
    expect(printed.endsWith(again.printed)).toBe(true)
  })

  test('[T8] --shrink of a plan that violates nothing says so', async () => {
    const { code, noted } = await landfall('replay 8 --shrink')
    expect(noted).toContain('nothing to shrink')
    expect(code).toBe(0)
  })
})

describe('arguments', () => {
  test('[T8] everything can be given, or left out', () => {
    expect(parseCommand(['run'])).toEqual({
      kind: 'run',
      seeds: 1000,
      from: 1,
      processes: undefined,
      app: undefined,
      stopAtFirst: false,
    })
    const args = 'run --seeds 10 --from=0 --processes 3 --app a.mjs --postgres start --stop-at-first'.split(
      ' ',
    )
    expect(parseCommand(args)).toEqual({
      kind: 'run',
      seeds: 10,
      from: 0,
      processes: 3,
      app: 'a.mjs',
      postgres: 'start',
      stopAtFirst: true,
    })
  })

  test.each(['--help', 'run --help', 'replay -h'])('[T8] %s helps', async (text) => {
    const { code, printed } = await landfall(text)
    expect(printed).toContain('landfall-sim replay <seed>')
    expect(code).toBe(0)
  })

  test.each([
    ['', 'run, replay or systematic'],
    ['walk', '"walk" is neither'],
    ['run --seeds 1e3', '--seeds must be a whole number from 1 to 4294967295, not "1e3"'],
    ['run --seeds 0', '--seeds must be'],
    ['run --seeds -5', '--seeds'],
    ['run --seeds', '--seeds'],
    ['run --processes 0', '--processes must be'],
    ['run --from 4294967295 --seeds 2', 'The last seed is 4294967295'],
    ['run --speed 3', '--speed'],
    ['run 5', '5'],
    ['run --app nowhere.mjs', 'There is no module nowhere.mjs.'],
    ['systematic --scenario none', 'There is no scenario "none"'],
    ['systematic --fault none', 'There is no fault "none"'],
    ['systematic --every 0', '--every must be'],
    ['replay', 'either a seed or --plan'],
    ['replay 5 --plan x.json', 'either a seed or --plan'],
    ['replay five', 'The seed must be a whole number'],
    ['replay 5 6', 'what is "6"?'],
    ['replay --plan nowhere.json', 'nowhere.json: ENOENT'],
    ['replay --plan bad.json', 'bad.json: This is no plan: "seed" is missing.'],
  ])('[T8] "%s" is answered by one line and exit code 2', async (text, reason) => {
    const { code, printed, noted } = await landfall(text, { files: { 'bad.json': '{}' } })
    expect(noted).toMatch(/^landfall-sim: [^\n]*\n$/)
    expect(noted).toContain(reason)
    expect([code, printed]).toEqual([2, ''])
  })
})

describe('--app', () => {
  const APP = fileURLToPath(new URL('support/app.mjs', import.meta.url))
  const NO_APP = fileURLToPath(new URL('support/samples.ts', import.meta.url))
  const FOLDER = fileURLToPath(new URL('support', import.meta.url))

  test('[T8] an app is the export `app` of a module', async () => {
    expect(await loadApp(APP)).toEqual({ name: 'invented' })
  })

  test('[T8] a module without an app, or that cannot be loaded, is refused', async () => {
    await expect(loadApp(NO_APP)).rejects.toThrow('exports no app')
    await expect(loadApp(FOLDER)).rejects.toThrow('cannot be loaded')
  })
})
