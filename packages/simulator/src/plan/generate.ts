/**
 * Makes a plan from a seed: who there is, what they do, and what goes wrong, each seed in a mix of its own.
 *
 * Swarm testing again (Groce et al., 2012): a seed leaves out a random half of the kinds of steps, so that rare faults
 * meet each other in some seeds instead of drowning in all of them.
 */
import { planTransaction } from '../workload/local.ts'
import { swarm } from '../workload/weights.ts'
import { createRandom, type SeededRandom, type Weather } from '@landfall/testkit'
import { devicesOf, type SimApp, workloadOf } from './app.ts'
import {
  burstWork,
  clash,
  foreignWork,
  endedTwice,
  guest,
  interrupted,
  longWork,
  newVersion,
  rollback,
  rush,
  setBack,
  contestedWrite,
  lateAnswer,
  ownWrite,
  pick,
  promptAnswer,
  secondThoughts,
  sleep,
  spoiled,
  underWay,
  type Writing,
} from './situations.ts'
import { uncapture } from './dba.ts'
import type { Plan, PlannedDevice, Step } from './plan.ts'

export type Size = {
  steps: number
  devices: number
  servers: number
  /** Much at one moment, where transactions overlap. */
  bursts?: true
}

export const SIZE: Size = { steps: 34, devices: 3, servers: 2 }

type Maker = (writing: Writing) => Step[]

/** How often each kind is drawn, and in what part of the seeds (a half, unless it is said). */
const KINDS: { [Name: string]: { weight: number; always?: true; odds?: number; make: Maker } } = {
  write: { weight: 9, always: true, make: randomWrite },
  'own write': { weight: 5, always: true, make: (writing) => ownWrite(writing) },
  pass: { weight: 12, always: true, make: ({ random }) => [{ kind: 'pass', ms: passing(random) }] },
  contested: { weight: 5, always: true, make: (writing) => contestedWrite(writing) },
  rush: { weight: 0.5, make: rush },
  clash: { weight: 2, odds: 0.6, make: clash },
  'prompt answer': { weight: 0.5, make: promptAnswer },
  'late answer': { weight: 1, make: lateAnswer },
  interrupted: { weight: 0.5, make: interrupted },
  'new version': { weight: 1, odds: 0.5, make: newVersion },
  guest: { weight: 0.8, odds: 0.5, make: guest },
  spoiled: { weight: 0.5, make: spoiled },
  'second thoughts': { weight: 0.5, make: secondThoughts },
  sleep: { weight: 0.6, make: sleep },
  'under way': { weight: 1, make: underWay },
  foreign: { weight: 5, odds: 0.7, make: foreignWork },
  long: { weight: 3, make: longStep },
  weather: {
    weight: 4.5,
    make: (writing) => [{ kind: 'weather', device: anyDevice(writing), weather: badWeather(writing.random) }],
  },
  offline: { weight: 3, make: offline },
  reopen: { weight: 0.7, make: (writing) => [{ kind: 'reopen', device: anyDevice(writing) }] },
  'kill engine': { weight: 20, make: engineDeath },
  quota: {
    weight: 1.6,
    make: (writing) => [{ kind: 'quota', device: anyDevice(writing), writes: 1 + writing.random.below(30) }],
  },
  'fail disk': {
    weight: 2.8,
    make: (writing) => [{ kind: 'fail disk', device: anyDevice(writing), fate: 'fail', ...nth(writing, 60) }],
  },
  'fail statement': {
    weight: 2.4,
    make: (writing) => [
      { kind: 'fail statement', device: anyDevice(writing), code: 'storage_full', ...nth(writing, 40) },
    ],
  },
  'fail message': { weight: 22, make: messageFailure },
  'fail postgres': {
    weight: 2.3,
    make: (writing) => [{ kind: 'fail postgres', failure: 'connection lost', ...nth(writing, 30) }],
  },
  'clock jump': {
    weight: 1,
    make: (writing) => [{ kind: 'clock jump', device: anyDevice(writing), ms: skew(writing.random) }],
  },
  'clock drift': {
    weight: 1.4,
    make: (writing) => [
      { kind: 'clock drift', device: anyDevice(writing), msPerSecond: writing.random.below(200) - 100 },
    ],
  },
  token: { weight: 2.3, make: expiredToken },
  'slow reader': { weight: 1.1, make: (writing) => [{ kind: 'slow reader', device: anyDevice(writing) }] },
  member: { weight: 3, make: memberChange },
  intruder: {
    weight: 2,
    make: ({ devices, random }) => [{ kind: 'intruder', user: pick(devices, random).user }],
  },
  'kill server': { weight: 9.5, make: serverDeath },
  collision: {
    weight: 6.5,
    make: ({ random }) => [
      {
        kind: 'collision',
        sqlstate: random.below(2) === 0 ? '40001' : '40P01',
        statement: 1 + random.below(16),
      },
    ],
  },
  'lose commit': { weight: 2.8, make: () => [{ kind: 'lose commit' }] },
  'restart postgres': {
    weight: 1.4,
    make: ({ random }) => [{ kind: 'restart postgres', ms: 500 + random.below(8_000) }],
  },
  // Rarely: a restore takes things back, so much cannot be judged any more.
  restore: { weight: 5, odds: 0.25, make: restoring },
  prune: { weight: 1, make: ({ random }) => [{ kind: 'prune', retentionMs: random.below(3) * 20_000 }] },
  uncapture: { weight: 0.8, make: uncapture },
  upgrade: { weight: 1.2, make: () => [{ kind: 'upgrade' }] },
}

/** What a plan begins with, by its seed: each in turn. */
const STORIES: readonly Maker[] = [
  clash,
  rush,
  promptAnswer,
  lateAnswer,
  interrupted,
  newVersion,
  rollback,
  endedTwice,
  guest,
  spoiled,
  secondThoughts,
  sleep,
  underWay,
  uncapture,
]

/** For a real Postgres. */
export const OVERLAPPING: Size = { steps: 40, devices: 4, servers: 3, bursts: true }

const BURST = { weight: 14, always: true, make: burstWork } as const

export function planOf(app: SimApp, seed: number, size = SIZE): Plan {
  const random = createRandom(seed).fork('plan')
  const devices = planDevices(app, size.devices, random)
  const workload = workloadOf(app)
  // TRUNCATE empties a table for older snapshots, too: what overlaps with one has no state to be held against.
  const weights = size.bursts ? { ...workload.weights, truncate: 0 } : workload.weights
  const mixed = { ...workload, weights: swarm(weights, random.fork('work')) }
  const writing: Writing = { app, workload: mixed, devices, random, counts: new Map(), servers: size.servers }
  const drawn = Object.values(KINDS).filter(({ always, odds = 0.5 }) => always || random.number() < odds)
  const kinds = size.bursts ? [...drawn, BURST] : drawn
  // One undisturbed story each: under faults alone, some would come to their point once in a hundred seeds.
  const steps: Step[] = [...(STORIES[seed % STORIES.length]?.(writing) ?? [])]
  while (steps.length < size.steps) steps.push(...draw(kinds, random).make(writing))
  const servers = 1 + random.below(size.servers)
  const last = random.below(4) === 0 ? setBack(writing) : []
  return {
    seed,
    servers: size.bursts ? size.servers : servers,
    devices,
    steps: [...steps.slice(0, size.steps), ...last],
  }
}

function planDevices(app: SimApp, count: number, random: SeededRandom): PlannedDevice[] {
  const wrongClocks = random.below(2) === 0
  return devicesOf(app, count).map((device) => ({
    ...device,
    skewMs: wrongClocks && random.below(2) === 0 ? skew(random) : 0,
    loaded: random.below(4) > 0,
  }))
}

function draw<Kind extends { weight: number }>(kinds: readonly Kind[], random: SeededRandom): Kind {
  let left = random.number() * kinds.reduce((sum, { weight }) => sum + weight, 0)
  for (const kind of kinds) if ((left -= kind.weight) < 0) return kind
  return kinds[0] as Kind
}

const anyDevice = ({ devices, random }: Writing): string => pick(devices, random).name

/** Ten years back to the year 2099, but mostly minutes: those are the ones that look right. */
function skew(random: SeededRandom): number {
  const sign = random.below(2) === 0 ? 1 : -1
  const most = pick([2_000, 60_000, 3_600_000, 10 * 365 * 86_400_000], random)
  return sign * random.below(most)
}

/** Mostly shorter than a round trip's waits, now and then longer than a token, a stream or a backoff. */
const passing = (random: SeededRandom): number =>
  random.below(pick([20, 200, 1_000, 2_000, 5_000, 15_000], random))

function randomWrite(writing: Writing): Step[] {
  return [
    { kind: 'write', device: anyDevice(writing), write: planTransaction(writing.workload, writing.random) },
  ]
}

function longStep(writing: Writing): Step[] {
  const { random, counts } = writing
  const nth = counts.get('long') ?? 0
  const isOpen = (counts.get('long open') ?? 0) > 0
  if (isOpen && random.below(2) === 0) {
    counts.set('long open', 0)
    return [{ kind: 'end long', long: `long ${nth}`, commit: random.below(4) > 0 }]
  }
  const long = longWork(writing)
  if (long === null) return []
  counts.set('long open', 1)
  return [long.begin]
}

function badWeather(random: SeededRandom): Weather {
  const rate = (): number => pick([0, 0, 0.1, 0.3, 0.6], random)
  return {
    requestLost: rate(),
    responseLost: rate(),
    repeated: rate(),
    repeatedLate: rate(),
    reordered: rate(),
    cutShort: rate() * 1.2,
    corrupted: rate() * 0.75,
    halfOpen: rate() / 3,
    streamCut: rate() * 1.5,
    delayMs: pick([0, 20, 400, 5_000], random),
  }
}

function offline(writing: Writing): Step[] {
  return [{ kind: writing.random.below(2) === 0 ? 'online' : 'offline', device: anyDevice(writing) }]
}

function engineDeath(writing: Writing): Step[] {
  const { random } = writing
  const at = pick(['statement', 'disk', 'disk'] as const, random)
  const moment = pick(
    at === 'disk' ? (['before', 'after', 'torn', 'torn'] as const) : (['before', 'after'] as const),
    random,
  )
  const death = { at, moment, n: 1 + random.below(pick([5, 40, 120], random)) }
  return [
    {
      kind: 'kill engine',
      device: anyDevice(writing),
      death,
      loss: pick(['kill', 'power'] as const, random),
    },
  ]
}

/** There are few streams, and most of them live on: the next one is met. */
function messageFailure(writing: Writing): Step[] {
  const mishaps = [
    ...(['cutShort', 'corrupted', 'corrupted', 'halfOpen', 'halfOpen'] as const),
    ...(['streamCut', 'streamCut', 'streamCut', 'repeated', 'repeatedLate'] as const),
  ]
  const weather = pick(mishaps, writing.random)
  const when = nth(writing, weather === 'streamCut' ? 1 : 3)
  return [{ kind: 'fail message', device: anyDevice(writing), weather, ...when }]
}

function expiredToken(writing: Writing): Step[] {
  return [{ kind: 'token', device: anyDevice(writing), valid: writing.random.below(2) === 0 }]
}

const nth = ({ random }: Writing, most: number): { n: number; often: 'once' } => ({
  n: 1 + random.below(most),
  often: 'once',
})

/** A backup first, and what it is good for later. */
function restoring({ counts }: Writing): Step[] {
  const backups = counts.get('backups') ?? 0
  counts.set('backups', 1 - backups)
  return [{ kind: backups === 0 ? 'back up' : 'restore' }]
}

function memberChange({ app, devices, random }: Writing): Step[] {
  if (app.movable === undefined) return []
  const { user } = pick(devices, random)
  return [{ kind: 'member', user, key: pick(app.movable, random), joins: random.below(2) === 0 }]
}

function serverDeath({ random, servers }: Writing): Step[] {
  const moment = pick(['before', 'inside', 'inside', 'after', 'after'] as const, random)
  return [{ kind: 'kill server', server: random.below(servers), moment, statement: 1 + random.below(12) }]
}
