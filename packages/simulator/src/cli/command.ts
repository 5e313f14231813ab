/** What `landfall-sim` was asked to do: its arguments as data, or one line about what is wrong with them. */
import { parseArgs, type ParseArgsConfig } from 'node:util'
import { BadInput } from '../plan/bad-input.ts'

/** What the plans are run on. */
export type Where = {
  app: string | undefined
  /** The address of a real Postgres, or `start`; without it an embedded one. */
  postgres: string | undefined
}

export type RunCommand = Where & {
  kind: 'run'
  seeds: number
  from: number
  /** One a core, if it is not given. */
  processes: number | undefined
  stopAtFirst: boolean
}

export type ReplayCommand = Where & {
  kind: 'replay'
  what: { seed: number } | { plan: string }
  html: string | undefined
  shrink: boolean
}

export type SystematicCommand = {
  kind: 'systematic'
  /** What the names of the scenarios and of the kinds of faults begin with; all, if it is not given. */
  scenario: string | undefined
  fault: string | undefined
  every: number
}

export type Command = RunCommand | ReplayCommand | SystematicCommand | { kind: 'help' }

export const HELP = `landfall-sim run [--seeds 1000] [--from 1] [--processes N] [--app module.js] [--stop-at-first] [--postgres URL]
    Runs the plans of many seeds and reports what they came to.
landfall-sim replay <seed> [--html story.html] [--shrink] [--app module.js] [--postgres URL]
landfall-sim replay --plan plan.json [--html story.html] [--shrink] [--app module.js] [--postgres URL]
    Runs one plan and tells its story. --shrink looks for the smallest plan that violates the same promise, and
    prints it as JSON before its story. --html writes the story as a page, too.

landfall-sim systematic [--scenario name] [--fault name] [--every 1]
    Runs small scenarios with each kind of fault at their first event, their second, and so on, or at every N-th.

  --app    an ES module that exports a SimApp as \`app\` or by default; without it Landfall's own app is simulated
  --postgres    plans with overlapping transactions, on the server of this superuser's address, or on one of our own with
           \`start\`; without it on an embedded Postgres, which has one connection
  --processes    how many run at a time; without it one a core

Exit code: 0 if all promises were kept, 1 if one was violated, 2 if nothing could be run.
`

/** A seed is 32 bits of state. */
const MAX_SEED = 2 ** 32 - 1
const MAX_PROCESSES = 256

const TEXT = { type: 'string' } as const
const FLAG = { type: 'boolean' } as const

export function parseCommand([verb, ...rest]: string[]): Command {
  if ([verb, ...rest].some((argument) => argument === '--help' || argument === '-h')) return { kind: 'help' }
  if (verb === 'run') return parseRun(rest)
  if (verb === 'replay') return parseReplay(rest)
  if (verb === 'systematic') return parseSystematic(rest)
  if (verb === undefined) throw new BadInput('Say what to do: run, replay or systematic. --help tells more.')
  throw new BadInput(`"${verb}" is neither run nor replay nor systematic. --help tells more.`)
}

function parseRun(args: string[]): RunCommand {
  const options = {
    seeds: TEXT,
    from: TEXT,
    processes: TEXT,
    app: TEXT,
    postgres: TEXT,
    'stop-at-first': FLAG,
  }
  const { values } = parsed({ args, options })
  const seeds = whole('--seeds', values.seeds ?? '1000', { least: 1, most: MAX_SEED })
  const from = whole('--from', values.from ?? '1', { least: 0, most: MAX_SEED })
  if (from + seeds - 1 > MAX_SEED) throw new BadInput(`The last seed is ${MAX_SEED}: choose fewer --seeds.`)
  const { processes, app, postgres, 'stop-at-first': stopAtFirst = false } = values
  const many =
    processes === undefined ? undefined : whole('--processes', processes, { least: 1, most: MAX_PROCESSES })
  return { kind: 'run', seeds, from, processes: many, app, postgres, stopAtFirst }
}

function parseReplay(args: string[]): ReplayCommand {
  const options = { plan: TEXT, html: TEXT, shrink: FLAG, app: TEXT, postgres: TEXT }
  const { values, positionals } = parsed({ args, options, allowPositionals: true })
  const { plan, html, shrink = false, app, postgres } = values
  const [seed, extra] = positionals
  if (extra !== undefined) throw new BadInput(`One seed is replayed at a time: what is "${extra}"?`)
  if ((seed === undefined) === (plan === undefined))
    throw new BadInput('Replay needs either a seed or --plan with a file.')
  const what =
    plan !== undefined ? { plan } : { seed: whole('The seed', seed ?? '', { least: 0, most: MAX_SEED }) }
  return { kind: 'replay', what, html, shrink, app, postgres }
}

function parseSystematic(args: string[]): SystematicCommand {
  const { values } = parsed({ args, options: { scenario: TEXT, fault: TEXT, every: TEXT } })
  const every = whole('--every', values.every ?? '1', { least: 1, most: MAX_SEED })
  return { kind: 'systematic', scenario: values.scenario, fault: values.fault, every }
}

function parsed<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config)
  } catch (error) {
    throw new BadInput(error instanceof Error ? error.message : String(error))
  }
}

function whole(name: string, text: string, { least, most }: { least: number; most: number }): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (number >= least && number <= most) return number
  throw new BadInput(`${name} must be a whole number from ${least} to ${most}, not "${text}".`)
}
