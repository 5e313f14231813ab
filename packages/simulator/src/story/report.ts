/**
 * What many runs came to: how much was simulated, which faults struck, what was violated.
 *
 * A report is a sum, so reports of parts can be merged in any order, and 10,000 outcomes need not be kept. The number of
 * seeds beside a fault's count tells a fault of every run from one that a few seeds hammer; a kind that never fired is
 * named, for a simulation that stopped injecting looks like one that found nothing. The digests add up to one: two
 * machines that ran the same seeds have told the same stories, byte for byte, if their sums agree.
 */
import { type Fault, FAULTS } from './faults.ts'
import type { Outcome } from './outcome.ts'
import { count, counted, virtualHours } from './text.ts'

export type Report = {
  seeds: number
  steps: number
  virtualMs: number
  /** The sum of the stories' digests, of 64 bits. */
  digest: bigint
  faults: { [Kind in Fault]?: { times: number; seeds: number } }
  /** The seeds that violated each promise. */
  violations: { [promise: string]: number[] }
}

export const EMPTY_REPORT: Report = {
  seeds: 0,
  steps: 0,
  virtualMs: 0,
  digest: 0n,
  faults: {},
  violations: {},
}

export function reportOf({ seed, steps, virtualMs, digest, faults, violations }: Outcome): Report {
  const struck = FAULTS.flatMap((kind) => {
    const times = faults[kind] ?? 0
    return times > 0 ? [[kind, { times, seeds: 1 }] as const] : []
  })
  const broken = violations.map(({ promise }): [string, number[]] => [promise, [seed]])
  const sums = { faults: Object.fromEntries(struck), violations: Object.fromEntries(broken) }
  return { seeds: 1, steps, virtualMs, digest: BigInt(`0x${digest || 0}`), ...sums }
}

export function mergeReports(a: Report, b: Report): Report {
  const faults = FAULTS.flatMap((kind) => {
    const [one, other] = [a.faults[kind], b.faults[kind]]
    const sum =
      one && other ? { times: one.times + other.times, seeds: one.seeds + other.seeds } : (one ?? other)
    return sum ? [[kind, sum] as const] : []
  })
  const promises = new Set([...Object.keys(a.violations), ...Object.keys(b.violations)])
  const violations = [...promises].map((promise) => {
    const seeds = new Set([...(a.violations[promise] ?? []), ...(b.violations[promise] ?? [])])
    return [promise, [...seeds].toSorted((one, other) => one - other)] as const
  })
  return {
    seeds: a.seeds + b.seeds,
    steps: a.steps + b.steps,
    virtualMs: a.virtualMs + b.virtualMs,
    digest: BigInt.asUintN(64, a.digest + b.digest),
    faults: Object.fromEntries(faults),
    violations: Object.fromEntries(violations),
  }
}

export function violatedSeeds({ violations }: Report): number[] {
  return [...new Set(Object.values(violations).flat())].toSorted((a, b) => a - b)
}

export function reportText(report: Report, elapsedMs: number): string {
  const size = [counted(report.seeds, 'seed'), counted(report.steps, 'step'), virtualHours(report.virtualMs)]
  return [
    `${size.join(', ')}, ${seedsPerMinute(report, elapsedMs)} seeds a minute`,
    '',
    ...faultLines(report),
    '',
    ...violationLines(report),
    `digest of all stories: ${report.digest.toString(16).padStart(16, '0')}`,
    '',
  ].join('\n')
}

export const seedsPerMinute = ({ seeds }: Report, elapsedMs: number): string =>
  count((seeds * 60_000) / Math.max(1, elapsedMs))

const NAME = Math.max(...FAULTS.map(({ length }) => length))
const NUMBER = 12

function faultLines({ faults }: Report): string[] {
  const row = (name: string, times: string, seeds: string): string =>
    `${name.padEnd(NAME)}${times.padStart(NUMBER)}${seeds.padStart(NUMBER)}`
  const struck = FAULTS.flatMap((kind) => {
    const sum = faults[kind]
    return sum ? [row(kind, count(sum.times), count(sum.seeds))] : []
  })
  const never = FAULTS.filter((kind) => faults[kind] === undefined)
  return [row('fault', 'times', 'seeds'), ...struck, `never fired: ${never.join(', ') || 'none'}`]
}

const SHOWN = 20

function violationLines({ violations }: Report): string[] {
  const lines = Object.entries(violations).map(([promise, seeds]) => {
    const more = seeds.length > SHOWN ? `, and ${count(seeds.length - SHOWN)} more` : ''
    return `VIOLATED ${promise} in ${counted(seeds.length, 'seed')}: ${seeds.slice(0, SHOWN).join(', ')}${more}`
  })
  return lines.length > 0 ? lines : ['nothing violated']
}
