/** Small plans and outcomes, invented: what surrounds the simulator is tested without running it. */
import type { Line, Outcome } from '../../src/story/outcome.ts'
import type { Plan, Step } from '../../src/plan/plan.ts'
import { FAIR } from '@landfall/testkit'

export function planWith(steps: Step[], rest: Partial<Plan> = {}): Plan {
  const devices = ['a', 'b', 'c'].map((name) => ({ name, user: 'ada', skewMs: 0 }))
  return { seed: 7, servers: 3, devices, steps, ...rest }
}

export const write = (device: string, ...sql: string[]): Step => ({
  kind: 'write',
  device,
  write: { label: null, statements: sql.map((text) => ({ sql: text, params: [] })) },
})

export const pass = (ms: number): Step => ({ kind: 'pass', ms })

/** One of every kind. */
export const EVERY_STEP: Step[] = [
  write('a', 'insert into notes values (1)'),
  { kind: 'foreign', statements: ['delete from notes'], long: 'one' },
  { kind: 'end long', long: 'one', commit: false },
  {
    kind: 'burst',
    writes: [{ device: 'a', write: { label: null, statements: [{ sql: 'delete from notes', params: [] }] } }],
    programs: [['delete from notes']],
  },
  pass(1500),
  { kind: 'weather', device: 'a', weather: { ...FAIR, requestLost: 0.5, delayMs: 300 } },
  { kind: 'offline', device: 'a' },
  { kind: 'online', device: 'a' },
  { kind: 'reopen', device: 'b' },
  { kind: 'kill engine', device: 'a', death: { at: 'disk', n: 4, moment: 'torn' }, loss: 'power' },
  { kind: 'fail disk', device: 'a', fate: 'full', n: 3, often: 'for ever' },
  { kind: 'fail statement', device: 'a', code: 'storage_lost', n: 1, often: 'once' },
  { kind: 'fail message', device: 'b', weather: 'halfOpen', n: 2, often: 'once' },
  { kind: 'fail postgres', failure: '40001', n: 9, often: 'for ever' },
  { kind: 'quota', device: 'a', writes: 3 },
  { kind: 'clock jump', device: 'a', ms: -86_400_000 },
  { kind: 'clock drift', device: 'a', msPerSecond: -5 },
  { kind: 'token', device: 'a', valid: false },
  { kind: 'slow reader', device: 'a' },
  { kind: 'member', user: 'ada', key: 'p1', joins: true },
  { kind: 'kill server', server: 2, moment: 'inside', statement: 5 },
  { kind: 'collision', sqlstate: '40P01', statement: 2 },
  { kind: 'restart postgres', ms: 4000 },
  { kind: 'back up' },
  { kind: 'restore' },
  { kind: 'prune', retentionMs: 60_000 },
  { kind: 'upgrade' },
]

export const line = (
  at: number,
  who: string,
  ...[what, state = '']: [what: string, state?: string]
): Line => ({
  at,
  who,
  what,
  state,
})

export function outcomeWith(rest: Partial<Outcome> = {}): Outcome {
  return {
    seed: 7,
    steps: 3,
    virtualMs: 0,
    faults: {},
    violations: [],
    lines: [],
    digest: 'c0ffee',
    ...rest,
  }
}

export const violated = (promise: string, line = 0, what = 'rows differ'): Outcome['violations'][number] => ({
  promise,
  what,
  who: 'a',
  at: 0,
  line,
})
