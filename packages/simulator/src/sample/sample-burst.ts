/**
 * Bursts over the sample app: everybody counts votes on the same few tasks and writes their titles, in orders of their own.
 *
 * One program goes over the rows backwards, another forwards, so that they and the pushes close circles of locks. Each
 * transaction keeps the sample app's rules (`sample-app.ts`) only as a whole: what it moves between accounts stands at its two
 * ends, with everything else in between.
 */
import type { LocalStep } from '../workload/local.ts'
import type { SeededRandom } from '@landfall/testkit'
import type { BurstPlan } from '../plan/app.ts'
import type { Burst } from '../plan/plan.ts'

const TASKS = [1, 2, 3, 4].map((n) => `00000000-0000-4000-8000-00000000000${n}`)
const PROJECT = 'p1'

export function sampleBurst(
  { nth, devices }: BurstPlan,
  random: SeededRandom,
): Pick<Burst, 'writes' | 'programs'> {
  const writes = devices.map(({ name }) => ({ device: name, write: deviceWrites(name, nth, random) }))
  const ways = [[...TASKS].reverse(), TASKS]
  return { writes, programs: ways.map((way, i) => programWrites(`burst ${nth} ${i}`, way, random)) }
}

function deviceWrites(device: string, nth: number, random: SeededRandom): LocalStep {
  const some = shuffled(TASKS, random).slice(0, 1 + random.below(TASKS.length))
  const amount = 1 + random.below(100)
  const id = `${device}-burst-${nth}`
  return {
    label: null,
    statements: [
      { sql: `insert into entries values (?, '${PROJECT}', 'cash', ?)`, params: [`${id}-a`, amount] },
      ...some.map((task) => ({
        sql: `insert into tasks (id, project_id, title, votes) values (?, '${PROJECT}', ?, 1)
          on conflict (id) do update set votes = votes + 1${random.below(2) === 0 ? ', title = excluded.title' : ''}`,
        params: [task, `${device} ${nth}`],
      })),
      { sql: `insert into entries values (?, '${PROJECT}', 'stock', ?)`, params: [`${id}-b`, -amount] },
    ],
  }
}

function programWrites(name: string, way: readonly string[], random: SeededRandom): string[] {
  const amount = 1 + random.below(100)
  const event = (n: number): string => `insert into events values ('${name}', ${n}, '${PROJECT}')`
  const entry = (account: string, worth: number): string =>
    `insert into entries values ('${name}-${account}', '${PROJECT}', '${account}', ${worth})`
  return [
    event(1),
    entry('cash', amount),
    ...way.map(
      (
        task,
      ) => `insert into tasks (id, project_id, title, votes) values ('${task}', '${PROJECT}', '${name}', 10)
        on conflict (id) do update set votes = tasks.votes + 10, title = excluded.title`,
    ),
    entry('stock', -amount),
    event(2),
  ]
}

function shuffled<Item>(items: readonly Item[], random: SeededRandom): Item[] {
  return items
    .map((item) => ({ item, place: random.number() }))
    .sort((a, b) => a.place - b.place)
    .map(({ item }) => item)
}
