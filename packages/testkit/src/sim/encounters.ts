/**
 * Encounters: steps that only together make something happen which steps drawn one by one would rarely bring about.
 *
 * Each is a story that has once gone wrong somewhere: two who edit the same cell and neither knows, a clock that is ahead
 * and an edit long after it, a device that sleeps until the log no longer reaches back to it, edits while a pull is
 * under way. What comes of them is for the checkers; nothing here knows what is right.
 */
import type { Workload } from '../workload/workload.ts'
import { createRandom, type SeededRandom } from '../world/random.ts'
import { FAIR } from '../world/weather.ts'
import type { SimApp } from './app.ts'
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
  { luck = writing.random, deletes = false } = {},
): Step[] {
  const { app, counts } = writing
  if (app.contested === undefined) return []
  const nth = (counts.get(`${name} contested`) ?? 0) + 1
  counts.set(`${name} contested`, nth)
  return [{ kind: 'write', device: name, write: app.contested({ name, user, nth, deletes }, luck) }]
}

const wait = ({ random }: Writing, most: number): Step => ({ kind: 'pass', ms: random.below(most) })
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

/** Two edit the same rows, neither seeing the other, and meet again in whatever order. */
export function clash(writing: Writing): Step[] {
  const { random } = writing
  const [first, second] = two(writing)
  const luck = sameLuck(writing)
  const isTwin = random.below(2) === 0
  const pause = (): Step => wait(writing, pick([2_000, 2_000, 2_000, 120_000], random))
  const meeting = random.below(2) === 0 ? [first, second] : [second, first]
  return [
    turn('offline', first),
    turn('offline', second),
    ...contestedWrite(writing, first, { luck: luck() }),
    pause(),
    ...contestedWrite(writing, second, isTwin ? { luck: luck(), deletes: random.below(4) === 0 } : {}),
    pause(),
    ...contestedWrite(writing, pick([first, second], random)),
    pause(),
    ...meeting.flatMap((device) => [turn('online', device), wait(writing, 3_000)]),
  ]
}

/** One whose clock may be ahead writes; minutes later another, who has not heard of it, edits or deletes the same. */
export function lateAnswer(writing: Writing): Step[] {
  const { random } = writing
  const [first, second] = two(writing)
  const luck = sameLuck(writing)
  const jump: Step = { kind: 'clock jump', device: first.name, ms: random.below(48) * 3_600_000 }
  return [
    turn('offline', second),
    turn('online', first),
    ...(random.below(2) === 0 ? [jump] : []),
    ...contestedWrite(writing, first, { luck: luck() }),
    { kind: 'pass', ms: 65_000 + random.below(60_000) },
    ...contestedWrite(writing, second, { luck: luck(), deletes: random.below(3) === 0 }),
    turn('online', second),
    wait(writing, 3_000),
  ]
}

/** One sleeps on unsent work while the others go on and the log is pruned: it has to load everything again. */
export function sleep(writing: Writing): Step[] {
  const { random, devices } = writing
  const sleeper = pick(devices, random)
  const others = devices.filter(({ name }) => name !== sleeper.name)
  const day = (): Step[] => [...contestedWrite(writing, pick(others, random)), { kind: 'pass', ms: 65_000 }]
  return [
    ...others.map((device) => turn('online', device)),
    turn('offline', sleeper),
    ...ownWrite(writing, sleeper),
    ...contestedWrite(writing, sleeper),
    ...day(),
    ...day(),
    { kind: 'prune', retentionMs: random.below(3) * 20_000 },
    turn('online', sleeper),
    wait(writing, 3_000),
  ]
}

/** While a slow pull of what another has written is under way, one edits the same rows twice. */
export function underWay(writing: Writing): Step[] {
  const [slow, other] = two(writing)
  const weather = (delayMs: number): Step => ({
    kind: 'weather',
    device: slow.name,
    weather: { ...FAIR, delayMs },
  })
  return [
    turn('online', slow),
    weather(2_000),
    ...contestedWrite(writing, other),
    wait(writing, 1_500),
    ...contestedWrite(writing, slow),
    ...contestedWrite(writing, slow),
    wait(writing, 3_000),
    weather(0),
  ]
}
