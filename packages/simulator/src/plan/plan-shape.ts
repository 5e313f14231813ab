/**
 * What is wrong with a value that should be a plan: the first mistake, and where it stands.
 *
 * The table names every field of every kind of step; the compiler demands a line for a new one. Whether a statement is
 * SQL is not known here.
 */
import type { Plan, PlannedDevice, Step } from './plan.ts'
import type { LocalStep } from '../workload/local.ts'
import { FAIR } from '@landfall/testkit'

type Check = (value: unknown) => boolean
type Fields<T> = { [Name in keyof T]-?: Check }

/** The steps of one kind, also of those that share a line of the union. */
type StepOf<Kind, S = Step> = S extends { kind: infer Kinds } ? (Kind extends Kinds ? S : never) : never

const text: Check = (value) => typeof value === 'string'
const number: Check = (value) => typeof value === 'number' && Number.isFinite(value)
const flag: Check = (value) => typeof value === 'boolean'
const anything: Check = () => true

const oneOf =
  (...names: string[]): Check =>
  (value) =>
    names.includes(String(value))

const maybe =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value)

const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check)

const shape =
  <T>(fields: Fields<T>): Check =>
  (value) =>
    wrongField(value, fields) === undefined

const WRITE: Fields<LocalStep> = {
  label: (value) => value === null || text(value),
  statements: listOf(shape({ sql: text, params: listOf(anything) })),
  refused: maybe(flag),
  changes: maybe(flag),
}
const DEATH = { at: oneOf('statement', 'disk'), n: number, moment: oneOf('before', 'after', 'torn') }
const WEATHER = Object.fromEntries(Object.keys(FAIR).map((name) => [name, number]))
const often = oneOf('once', 'for ever')
const NTH = { n: number, often }
const ON_DEVICE = { device: text }

const STEPS: { [Kind in Step['kind']]: Fields<Omit<StepOf<Kind>, 'kind'>> } = {
  write: { device: text, write: shape(WRITE) },
  foreign: { statements: listOf(text), long: maybe(text) },
  'end long': { long: text, commit: flag },
  burst: {
    writes: listOf(shape({ device: text, write: shape(WRITE) })),
    programs: listOf(listOf(text)),
    restartAfter: maybe(number),
  },
  pass: { ms: number },
  weather: { device: text, weather: shape(WEATHER) },
  offline: ON_DEVICE,
  online: ON_DEVICE,
  reopen: ON_DEVICE,
  'kill engine': { device: text, death: shape(DEATH), loss: oneOf('kill', 'power'), often: maybe(often) },
  'fail disk': { device: text, fate: oneOf('fail', 'full'), ...NTH },
  'fail statement': { device: text, code: oneOf('storage_full', 'storage_lost'), ...NTH },
  'fail message': { device: text, weather: oneOf(...Object.keys(FAIR)), ...NTH },
  'fail postgres': {
    failure: oneOf(
      '40001',
      '40P01',
      'connection lost',
      'process killed',
      'commit unknown',
      'process killed after commit',
    ),
    ...NTH,
  },
  quota: { device: text, writes: number },
  'clock jump': { device: text, ms: number },
  'clock drift': { device: text, msPerSecond: number },
  token: { device: text, valid: flag },
  'slow reader': ON_DEVICE,
  intruder: { user: text },
  member: { user: text, key: text, joins: flag },
  'kill server': { server: number, moment: oneOf('before', 'inside', 'after'), statement: number },
  collision: { sqlstate: oneOf('40001', '40P01'), statement: number },
  'lose commit': {},
  'restart postgres': { ms: number },
  'back up': {},
  restore: {},
  prune: { retentionMs: number },
  dba: { table: text, opens: flag, statements: listOf(text) },
  mend: {},
  upgrade: {},
}
const DEVICE: Fields<PlannedDevice> = {
  name: text,
  user: text,
  skewMs: number,
  later: maybe(flag),
  loaded: maybe(flag),
}
const PLAN: Fields<Plan> = {
  seed: number,
  servers: (value) => Number.isInteger(value) && Number(value) >= 1,
  devices: listOf(shape(DEVICE)),
  steps: Array.isArray,
}

/** Undefined if it is a plan. */
export function findMistake(value: unknown): string | undefined {
  const wrong = wrongField(value, PLAN)
  if (wrong !== undefined) return wrong
  const { devices, steps } = value as Plan
  const names = new Set(devices.map(({ name }) => name))
  for (const [index, step] of steps.entries()) {
    const mistake = mistakeOfStep(step, names)
    if (mistake !== undefined) return `step ${index + 1}: ${mistake}`
  }
  return undefined
}

function mistakeOfStep(step: unknown, devices: ReadonlySet<string>): string | undefined {
  const { kind, device } = Object(step) as { kind?: unknown; device?: unknown }
  const fields = Object.entries(STEPS).find(([name]) => name === kind)?.[1]
  if (fields === undefined) return `there is no kind of step "${String(kind)}"`
  const wrong = wrongField(step, fields)
  if (wrong !== undefined) return wrong
  return text(device) && !devices.has(String(device)) ? `there is no device "${String(device)}"` : undefined
}

function wrongField(value: unknown, fields: Record<string, Check>): string | undefined {
  if (typeof value !== 'object' || value === null) return 'an object is expected'
  const found = new Map<string, unknown>(Object.entries(value))
  const [name] = Object.entries(fields).find(([field, check]) => !check(found.get(field))) ?? []
  if (name === undefined) return undefined
  return found.has(name) ? `"${name}" is not what it should be` : `"${name}" is missing`
}
