import type { Verdict } from '@landfall/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Database, PostgresError } from '../src/database/database.ts'
import { openDatabase } from '../src/database/open-database.ts'
import { pushBlameContract } from './push-blame-contract.ts'
import { hostTrigger } from './support/host-triggers.ts'
import { createPushingClient, createPushWorld, insert, type PushWorld, update } from './support/push-world.ts'

let world: PushWorld

beforeAll(async () => {
  world = await createPushWorld()
})
afterAll(() => world.close())

pushBlameContract(() => world)

const MEMBERS = 12
const ROWS = 100

test('[P8.9] changesets that are each fast and together too slow land, each try costs less than the one before', async () => {
  await world.refill()
  // Each row takes 2 ms: one changeset 0.2 s, all of them 2.4 s.
  const impatient = await openDatabase(world.url, { timeouts: { statement: 1_000 } })
  const costs: number[] = []
  const database = timed(impatient, costs)
  const ann = createPushingClient({ ...world.context, database }, 'ann')
  const row = (id: number) => insert('items', { id: `${id}`, project_id: '1' })
  const members = (from: number) =>
    Array.from({ length: MEMBERS }, (_, m) =>
      ann.make(Array.from({ length: ROWS }, (__, r) => row(from + m * ROWS + r))),
    )
  await hostTrigger(
    world,
    { time: 'BEFORE INSERT', body: 'PERFORM pg_sleep(0.002); RETURN NEW;' },
    async () => {
      const { verdicts } = await ann.send(members(0))
      expect(new Set(verdicts.map(({ outcome }) => outcome))).toEqual(new Set(['applied']))
      expect(costs.length).toBeGreaterThan(0)
      expect(costs).toEqual([...costs].sort((a, b) => b - a))
      const before = costs.length
      // The next push does not begin with the same mistake.
      expect((await ann.send(members(MEMBERS * ROWS))).verdicts).toHaveLength(MEMBERS)
      expect(costs.length - before).toBe(0)
    },
  )
  expect(await world.value('SELECT count(*) FROM items')).toBe(`${2 * MEMBERS * ROWS}`)
  await impatient.close()
}, 60_000)

test('[P8.8] a row that somebody holds defers what waits for it, and waits once for all that is behind', async () => {
  await world.refill()
  const limits = { ...world.context.limits, pushMs: 100 }
  const ann = createPushingClient({ ...world.context, limits }, 'ann')
  const row = (id: number) => insert('items', { id: `${id}`, project_id: '1', title: 'a' })
  await ann.send([ann.make(Array.from({ length: 64 }, (_, id) => row(id)))])
  const edits = Array.from({ length: 64 }, (_, id) =>
    ann.make([update('items', { id: `${id}` }, { title: ['a', 'b'] })]),
  )
  await world.database.transaction({ isolation: 'read committed', readOnly: false }, async (tx) => {
    await tx.query('SELECT FROM items WHERE id = 40 FOR UPDATE')
    const start = performance.now()
    let verdicts: Verdict[] = []
    // A push is cut off after a while; what it has not judged is sent again.
    while (verdicts.length < edits.length) verdicts = (await ann.send(edits)).verdicts
    expect(performance.now() - start).toBeLessThan(5_000)
  })
  expect(await world.run(`SELECT id::text FROM items WHERE title = 'a'`)).toEqual([{ id: '40' }])
})

/** Notes what statements cost that ran out of time. */
function timed(database: Database, costs: number[]): Database {
  return {
    ...database,
    transaction: (options, work) =>
      database.transaction(options, (tx) =>
        work({
          async query(sql, params) {
            const start = performance.now()
            try {
              return await tx.query(sql, params)
            } catch (error) {
              if (error instanceof PostgresError && error.sqlstate === '57014')
                costs.push(performance.now() - start)
              throw error
            }
          },
        }),
      ),
  }
}
