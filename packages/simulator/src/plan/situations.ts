/**
 * Situations: steps that only together make something happen which steps drawn one by one would rarely bring about.
 *
 * Each is a story that has once gone wrong somewhere: two who edit the same cell and neither knows, a clock that is ahead
 * and an edit long after it, a device that sleeps until the log no longer reaches back to it, edits while a pull is
 * under way. What comes of them is for the checkers; nothing here knows what is right.
 */
import { planForeign } from '../workload/foreign.ts'
import type { Workload } from '../workload/workload.ts'
import { createRandom, FAIR, type SeededRandom } from '@landfall/testkit'
import type { Contest, SimApp } from './app.ts'
import type { PlannedDevice, Step } from './plan.ts'

export type Writing = {
  app: SimApp
  workload: Workload
  devices: PlannedDevice[]
  random: SeededRandom
  counts: Map<string, number>
  servers: number
}

export function pick<Item>(items: readonly Item[], random: SeededRandom): Item {
  return items[random.below(items.length)] as Item
}

export function ownWrite(writing: Writing, { name, user } = pick(writing.devices, writing.random)): Step[] {
  const { app, random, counts } = writing
  if (app.writes === undefined) return []
  const nth = (counts.get(name) ?? 0) + 1
  counts.set(name, nth)
  return [{ kind: 'write', device: name, write: app.writes({ name, user, nth }, random) }]
}

/** What is edited is drawn from `luck`: the same luck leads another device to the same cells. */
export function contestedWrite(
  writing: Writing,
  { name, user } = pick(writing.devices, writing.random),
  { luck = writing.random, ...contest }: { luck?: SeededRandom } & Pick<Contest, 'way' | 'row'> = {},
): Step[] {
  const { app, counts } = writing
  if (app.contested === undefined) return []
  const nth = (counts.get(`${name} contested`) ?? 0) + 1
  counts.set(`${name} contested`, nth)
  return [{ kind: 'write', device: name, write: app.contested({ name, user, nth, ...contest }, luck) }]
}

const pass = (ms: number): Step => ({ kind: 'pass', ms })
export const wait = ({ random }: Writing, most: number): Step => pass(random.below(most))
const turn = (kind: 'online' | 'offline', { name }: PlannedDevice): Step => ({ kind, device: name })

function two({ devices, random }: Writing): [PlannedDevice, PlannedDevice] {
  const first = pick(devices, random)
  const others = devices.filter((device) => device !== first)
  return [first, others.length > 0 ? pick(others, random) : first]
}

/** Luck that can be had again. */
function sameLuck({ random }: Writing): () => SeededRandom {
  const seed = random.below(2 ** 31)
  return () => createRandom(seed)
}

/**
 * Two edit the same rows, neither seeing the other, one of them twice, and meet again in whatever order; or, in half of
 * the cases, what one writes lies in time between two writes that the other sends together.
 */
export function clash(writing: Writing): Step[] {
  const { random } = writing
  const [first, second] = two(writing)
  const [luck, otherLuck] = [sameLuck(writing), sameLuck(writing)]
  const pause = (): Step => wait(writing, pick([2_000, 2_000, 2_000, 70_000], random))
  const isBetween = random.below(2) === 0
  const meeting = isBetween || random.below(2) === 0 ? [first, second] : [second, first]
  const target = isBetween ? otherLuck : pick([luck, otherLuck], random)
  return [
    turn('offline', first),
    turn('offline', second),
    ...contestedWrite(writing, first, { luck: luck() }),
    pause(),
    ...contestedWrite(writing, second, { luck: target(), way: 'edit' }),
    pause(),
    ...contestedWrite(writing, isBetween ? first : pick([first, second], random), {
      luck: otherLuck(),
      way: 'edit',
    }),
    pause(),
    ...meeting.flatMap((device) => [turn('online', device), wait(writing, 3_000)]),
  ]
}

/** All edit the same row at one moment, and other programs are at work, too: what is sent and fetched is under way together. */
export function rush(writing: Writing): Step[] {
  const { devices, random } = writing
  const luck = sameLuck(writing)
  const row = random.below(2 ** 31)
  const edit = (device: PlannedDevice): Step[] =>
    contestedWrite(writing, device, { luck: luck(), row, way: random.below(6) === 0 ? 'delete' : 'edit' })
  return [
    ...devices.map((device) => turn('online', device)),
    wait(writing, 2_000),
    ...devices.flatMap(edit),
    ...burstWork(writing),
    wait(writing, 3_000),
  ]
}

/** One whose clock is set back answers at once, and has seen what it answers to. */
export function promptAnswer(writing: Writing): Step[] {
  const { random } = writing
  const [first, second] = two(writing)
  const luck = sameLuck(writing)
  const edit = (device: PlannedDevice): Step[] =>
    contestedWrite(writing, device, { luck: luck(), way: 'edit' })
  return [
    { kind: 'clock jump', device: second.name, ms: -random.below(48) * 3_600_000 },
    turn('online', first),
    turn('online', second),
    wait(writing, 1_000),
    ...edit(first),
    wait(writing, 4_000),
    ...edit(second),
    wait(writing, 4_000),
  ]
}

/** One whose clock is ahead writes; a minute later another, who has not heard of it, edits or deletes the same. */
export function lateAnswer(writing: Writing): Step[] {
  const { random } = writing
  const [first, second] = two(writing)
  const luck = sameLuck(writing)
  return [
    turn('offline', second),
    turn('online', first),
    { kind: 'clock jump', device: first.name, ms: random.below(48) * 3_600_000 },
    ...contestedWrite(writing, first, { luck: luck(), way: 'edit' }),
    pass(62_000 + random.below(10_000)),
    ...contestedWrite(writing, second, { luck: luck(), way: random.below(3) === 0 ? 'delete' : 'edit' }),
    turn('online', second),
    wait(writing, 3_000),
  ]
}

/** Offline one deletes a row, makes it again, and perhaps edits it. */
export function secondThoughts(writing: Writing): Step[] {
  const { random, devices } = writing
  const device = pick(devices, random)
  const luck = sameLuck(writing)
  const edits = random.below(2) === 0 ? contestedWrite(writing, device, { luck: luck(), way: 'edit' }) : []
  return [
    turn('offline', device),
    ...contestedWrite(writing, device, { luck: luck(), way: 'delete' }),
    ...contestedWrite(writing, device, { luck: luck(), way: 'make' }),
    ...edits,
    turn('online', device),
    wait(writing, 2_000),
  ]
}

const answerLost = ({ name }: PlannedDevice): Step => ({
  kind: 'fail message',
  device: name,
  weather: 'responseLost',
  n: 1,
  often: 'once',
})

/** A new row of the history is due after a minute; it is what the log is pruned by. */
const HISTORY_MS = 61_000

/**
 * One sleeps on unsent work, and on some of which it does not know that it has arrived, while another goes on and the log
 * is pruned: it has to load everything again.
 */
export function sleep(writing: Writing): Step[] {
  const [sleeper, other] = two(writing)
  return [
    turn('online', other),
    turn('online', sleeper),
    ...ownWrite(writing, sleeper),
    wait(writing, 2_000),
    answerLost(sleeper),
    ...ownWrite(writing, sleeper),
    pass(300),
    turn('offline', sleeper),
    ...contestedWrite(writing, sleeper),
    pass(HISTORY_MS),
    ...contestedWrite(writing, other),
    wait(writing, 2_000),
    { kind: 'prune', retentionMs: 0 },
    turn('online', sleeper),
    wait(writing, 3_000),
  ]
}

/** While a slow pull of what another has written is under way, one edits the same row twice, each time other columns. */
export function underWay(writing: Writing): Step[] {
  const [slow, other] = two(writing)
  const row = writing.random.below(2 ** 31)
  const weather = (delayMs: number): Step => ({
    kind: 'weather',
    device: slow.name,
    weather: { ...FAIR, delayMs },
  })
  const edit = (device: PlannedDevice): Step[] => contestedWrite(writing, device, { way: 'edit', row })
  return [
    turn('online', slow),
    turn('online', other),
    weather(3_000),
    ...edit(other),
    wait(writing, 1_500),
    ...edit(slow),
    wait(writing, 1_000),
    ...edit(slow),
    pass(6_000),
    weather(0),
  ]
}

/** The answer to what one has sent is lost, and its app is started again before it can ask. */
export function interrupted(writing: Writing): Step[] {
  const { random, devices } = writing
  const device = pick(devices, random)
  return [
    turn('online', device),
    wait(writing, 2_000),
    answerLost(device),
    ...ownWrite(writing, device),
    wait(writing, 500),
    { kind: 'reopen', device: device.name },
    wait(writing, 3_000),
  ]
}

/** The app's next version is opened over unsent work, and goes on offline; the one before may have been in use beside it. */
export function newVersion(writing: Writing): Step[] {
  const [device, other] = two(writing)
  const before = pick(['online', 'offline'] as const, writing.random)
  return [
    turn(before, device),
    ...contestedWrite(writing, device, { way: 'edit' }),
    { kind: 'upgrade' },
    wait(writing, 2_000),
    turn('offline', device),
    { kind: 'reopen', device: device.name },
    ...ownWrite(writing, device),
    ...contestedWrite(writing, device),
    ...contestedWrite(writing, other, { way: 'edit' }),
    turn('online', device),
    wait(writing, 3_000),
  ]
}

/** Postgres goes back by seconds, behind what the devices have seen, and goes on from there. */
export function rollback(writing: Writing): Step[] {
  const [first, second] = two(writing)
  const seconds = (): Step => wait(writing, 4_000)
  return [
    turn('online', first),
    turn('online', second),
    seconds(),
    { kind: 'back up' },
    ...contestedWrite(writing, first),
    ...ownWrite(writing, first),
    seconds(),
    { kind: 'restore' },
    ...contestedWrite(writing, second),
    ...foreignWork(writing),
    seconds(),
  ]
}

/** One who is let into a project loads it, and is shown out again while away or not; work there goes on. */
export function guest(writing: Writing): Step[] {
  const { app, random, devices } = writing
  if (app.movable === undefined || app.member === undefined) return []
  const device = pick(devices, random)
  const change = { user: device.user, key: pick(app.movable, random) }
  const isAway = random.below(2) === 0
  return [
    turn('online', device),
    { kind: 'member', ...change, joins: true },
    wait(writing, 3_000),
    ...(isAway ? [turn('offline', device)] : []),
    { kind: 'member', ...change, joins: false },
    ...foreignWork(writing),
    ...(isAway ? [turn('online', device)] : []),
    wait(writing, 3_000),
    ...foreignWork(writing),
    wait(writing, 1_000),
  ]
}

/** Among what one sends together is something that Postgres refuses. */
export function spoiled(writing: Writing): Step[] {
  const { app, random, devices } = writing
  if (app.refusable === undefined) return []
  const device = pick(devices, random)
  const bad: Step = { kind: 'write', device: device.name, write: app.refusable(random) }
  return [
    turn('offline', device),
    ...ownWrite(writing, device),
    bad,
    ...ownWrite(writing, device),
    ...contestedWrite(writing, device),
    turn('online', device),
    wait(writing, 3_000),
  ]
}

/** Another program's transaction, which no other one is beside: its beginning, and its end; null where there is none. */
export function longWork({
  app,
  random,
  counts,
}: Writing): { begin: Step; end(commit: boolean): Step } | null {
  if (app.long === undefined || (counts.get('long open') ?? 0) > 0) return null
  const nth = (counts.get('long') ?? 0) + 1
  counts.set('long', nth)
  const long = `long ${nth}`
  return {
    begin: { kind: 'foreign', long, statements: [...app.long(nth, random)] },
    end: (commit) => ({ kind: 'end long', long, commit }),
  }
}

/** Postgres goes back to a moment at which a transaction was open whose end the devices have seen; it ends otherwise. */
export function endedTwice(writing: Writing): Step[] {
  const { random } = writing
  const long = longWork(writing)
  if (long === null) return rollback(writing)
  const [first, second] = two(writing)
  const commits = random.below(2) === 0
  return [
    turn('online', first),
    turn('online', second),
    wait(writing, 4_000),
    long.begin,
    { kind: 'back up' },
    long.end(commits),
    wait(writing, 2_000),
    { kind: 'restore' },
    long.end(!commits),
    wait(writing, 2_000),
  ]
}

/** The last that happens: a clock is set back, perhaps while what one has written waits to be sent again. */
export function setBack(writing: Writing): Step[] {
  const { random, devices } = writing
  const device = pick(devices, random)
  const lost = { ...FAIR, requestLost: random.below(2) }
  return [
    turn('online', device),
    { kind: 'weather', device: device.name, weather: lost },
    ...ownWrite(writing, device),
    pass(200 + random.below(2_000)),
    { kind: 'clock jump', device: device.name, ms: -random.below(48) * 3_600_000 },
    wait(writing, 200),
    ...ownWrite(writing, device),
  ]
}

/** One moment at which every device syncs, and other programs are at work, some of them on who may see what. */
export function burstWork({ app, workload, devices, random, counts }: Writing): Step[] {
  if (app.burst === undefined) return []
  const nth = (counts.get('burst') ?? 0) + 1
  counts.set('burst', nth)
  const { writes, programs } = app.burst({ nth, devices }, random)
  const others = [planForeign(workload, random).statements]
  if (random.below(3) === 0 && app.movable !== undefined && app.member !== undefined) {
    const { user } = pick(devices, random)
    const change = { user, key: pick(app.movable, random), joins: random.below(2) === 0 }
    others.push([...app.member(change)])
  }
  const interrupted = random.below(8) === 0 ? { restartAfter: random.below(120) } : {}
  return [{ kind: 'burst', writes, programs: [...programs, ...others], ...interrupted }]
}

export function foreignWork({ workload, random }: Writing): Step[] {
  return [{ kind: 'foreign', ...planForeign(workload, random) }]
}
