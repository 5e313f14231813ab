import { type Database, openDatabase } from '@landfall/server'
import { createWorld } from '@landfall/testkit'
import { afterEach, expect, test } from 'vitest'
import { expectExact, holders, openShop, sync } from './support/shop.ts'
import { throughContract } from './through-contract.ts'

throughContract('postgres')

let closing: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const close of closing.reverse()) await close()
  closing = []
})

async function openShopWithWriters(writers: number) {
  const shop = await openShop('postgres')
  closing.push(() => shop.close())
  const world = await createWorld({ sync, holders, database: shop.database, seed: 3 })
  closing.push(() => world.close())
  const sessions = await Promise.all(Array.from({ length: writers }, () => openDatabase(shop.url)))
  closing.push(async () => void (await Promise.all(sessions.map((session) => session.close()))))
  return { shop, world, sessions }
}

const WRITE = { isolation: 'read committed', readOnly: false } as const

test('[P4.13] eight writers who each insert a line and then update the order’s total wait for nobody for ever', async () => {
  const { shop, sessions } = await openShopWithWriters(8)
  const failures: unknown[] = []
  await Promise.all(
    sessions.map(async (session, w) => {
      for (let i = 0; i < 20; i++) {
        await session
          .transaction(WRITE, async (tx) => {
            await tx.query(`INSERT INTO lines VALUES ('a', ${w * 100 + i + 10}, 'line')`)
            await tx.query(`UPDATE orders SET total = total + 1 WHERE id = 'a'`)
          })
          .catch((error: unknown) => failures.push(error))
      }
    }),
  )
  expect(failures).toEqual([])
  expect(await shop.rows(`SELECT total::text FROM orders WHERE id = 'a'`)).toEqual([{ total: '160' }])
}, 60_000)

type Side = { session: Database | undefined; statements: string[] }

/** The second begins when the first has written, and before it commits. */
async function overlapping(first: Side, second: Side): Promise<void> {
  let other: Promise<unknown> | undefined
  await first.session?.transaction(WRITE, async (tx) => {
    for (const sql of first.statements) await tx.query(sql)
    other = second.session?.transaction(WRITE, async (later) => {
      for (const sql of second.statements) await later.query(sql)
    })
    other?.catch(() => {}) // awaited below
    for (let trip = 0; trip < 10; trip++) await tx.query('SELECT 1')
  })
  await other
}

test('[P4.13] of sixty moves that race with new children none leaves one behind', async () => {
  const { shop, world, sessions } = await openShopWithWriters(2)
  // The foreign key would hold the parent, too, but only at an insertion.
  await shop.psql('ALTER TABLE lines DROP CONSTRAINT lines_order_id_fkey')
  await shop.psql(`INSERT INTO orders (id, customer_id) SELECT 'r' || i, 1 FROM generate_series(1, 60) i`)
  const bob = await world.open('bob', { user: 'bob' })
  await world.drain()
  const [mover, writer] = sessions
  for (let i = 1; i <= 60; i++) {
    const sides = [
      { session: mover, statements: [`UPDATE orders SET customer_id = 2 WHERE id = 'r${i}'`] },
      { session: writer, statements: [`INSERT INTO lines VALUES ('r${i}', 1, 'late')`] },
    ]
    const [first, second] = i % 2 === 0 ? sides : sides.reverse()
    if (first && second) await overlapping(first, second)
  }
  await world.drain()
  await expectExact(shop, bob, 'bob')
}, 60_000)

test.each([
  ['changed', `UPDATE lines SET title = 'changed' WHERE order_id = 'a' AND n = 1`],
  ['deleted', `DELETE FROM lines WHERE order_id = 'a' AND n = 1`],
])(
  '[P4.13] a child that is being %s when its parent moves comes out right',
  async (_, sql) => {
    const { shop, world, sessions } = await openShopWithWriters(2)
    const bob = await world.open('bob', { user: 'bob' })
    await world.drain()
    const [mover, writer] = sessions
    let moved: Promise<unknown> | undefined
    await writer?.transaction(WRITE, async (tx) => {
      await tx.query(sql)
      moved = mover?.transaction(WRITE, (other) =>
        other.query(`UPDATE orders SET customer_id = 2 WHERE id = 'a'`),
      )
      moved?.catch(() => {}) // awaited below
      await world.pass(120_000)
    })
    await moved
    await world.drain()
    await expectExact(shop, bob, 'bob')
  },
  60_000,
)

test('[P4.13] a mover that cannot see a child of others has the table sent whole', async () => {
  const { shop, world, sessions } = await openShopWithWriters(2)
  const bob = await world.open('bob', { user: 'bob' })
  await world.drain()
  const [mover, writer] = sessions
  await mover?.transaction({ isolation: 'repeatable read', readOnly: false }, async (tx) => {
    await tx.query('SELECT 1 FROM orders')
    await writer?.transaction(WRITE, (other) => other.query(`INSERT INTO lines VALUES ('a', 9, 'unseen')`))
    await tx.query(`UPDATE orders SET customer_id = 2 WHERE id = 'a'`)
  })
  await world.drain()
  await expectExact(shop, bob, 'bob')
}, 60_000)
