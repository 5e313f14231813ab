/** Scopes through a parent, whole: on a real Postgres and on PGlite. */
import type { Device, World } from '@landfall/testkit'
import { createWorld } from '@landfall/testkit'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { FINE, verify } from './support/verifying.ts'
import { expectExact, holders, openShop, type Shop, sync } from './support/shop.ts'

export function throughContract(kind: Shop['kind']): void {
  let shop: Shop
  let world: World
  let ann: Device
  let bob: Device
  let all: Device

  beforeEach(async () => {
    shop = await openShop(kind)
    world = await createWorld({ sync, holders, database: shop.database, seed: 3 })
    ann = await world.open('ann', { user: 'ann' })
    bob = await world.open('bob', { user: 'bob' })
    all = await world.open('all', { user: 'all' })
    await exact()
  }, 60_000)

  afterEach(async () => {
    await world.close()
    await shop.close()
  })

  async function exact(): Promise<void> {
    await world.drain()
    for (const [user, device] of Object.entries({ ann, bob, all })) {
      await expectExact(shop, device, user)
      expect(await verify(world, device)).toEqual(FINE)
    }
  }

  const lines = async (device: Device) =>
    (await device.rows('SELECT order_id, n FROM lines ORDER BY 1, 2')).map((row) =>
      Object.values(row).join(''),
    )

  test('[P4.13] a row is where its parent is, at any distance, and nowhere without one', async () => {
    expect(await lines(ann)).toEqual(['a1', 'a2', 'c1', 'c2'])
    expect(await lines(bob)).toEqual(['b1', 'b2'])
    await shop.psql(
      `INSERT INTO orders (id, customer_id) VALUES ('f', 1)`,
      `INSERT INTO lines VALUES ('f', 1, 'f1')`,
    )
    await exact()
    expect(await lines(ann)).toEqual(['a1', 'a2', 'c1', 'c2', 'f1'])
  })

  test('[P4.13] children follow a parent that moves, is named anew, comes back or goes', async () => {
    for (const statement of [
      `UPDATE orders SET customer_id = 2 WHERE id = 'a'`,
      `UPDATE customers SET region = 'north' WHERE id = 2`,
      `UPDATE customers SET region = CASE region WHEN 'north' THEN 'south' ELSE 'north' END`,
      `UPDATE orders SET customer_id = NULL WHERE id = 'b'`,
      `UPDATE orders SET customer_id = 3 WHERE id IN ('b', 'd', 'e')`,
      `UPDATE customers SET id = 30, region = 'south' WHERE id = 3`,
      `UPDATE orders SET id = 'bb', customer_id = 1 WHERE id = 'b'`,
      `UPDATE lines SET order_id = 'c', n = 7 WHERE order_id = 'bb' AND n = 2`,
      `UPDATE lines SET n = n + 10 WHERE order_id = 'a'`,
      `DELETE FROM lines WHERE order_id = 'a' AND n = 11`,
      `DELETE FROM orders WHERE id = 'a'`,
      `DELETE FROM customers WHERE id = 2`,
      `WITH gone AS (DELETE FROM orders WHERE id = 'bb' RETURNING id) DELETE FROM remarks USING gone WHERE order_id = gone.id`,
      `WITH made AS (INSERT INTO orders (id, customer_id) VALUES ('g', 1) RETURNING id)
        INSERT INTO lines SELECT id, 1, 'new' FROM made`,
      `WITH gone AS (DELETE FROM lines WHERE order_id = 'c' AND n < 7 RETURNING order_id), moved AS
        (UPDATE lines SET order_id = 'g', n = n + 70 WHERE order_id = 'c' AND n = 7 RETURNING 1)
        DELETE FROM orders USING gone, moved WHERE id = gone.order_id`,
      'TRUNCATE customers CASCADE',
    ]) {
      await shop.psql(statement)
      await exact()
    }
    expect(await lines(all)).toEqual([])
  })

  test('[P4.13] children that come before their parents are sent when those come', async () => {
    await shop.psql(
      'ALTER TABLE lines DROP CONSTRAINT lines_order_id_fkey',
      `INSERT INTO lines VALUES ('z', 1, 'early')`,
      `INSERT INTO remarks VALUES ('z1', 'z', 1, 'early')`,
    )
    await exact()
    await shop.psql(`INSERT INTO orders (id, customer_id) VALUES ('z', 1)`)
    await exact()
    await shop.psql(`UPDATE orders SET id = 'y' WHERE id = 'z'`)
    await exact()
    await shop.psql(`UPDATE orders SET id = 'z', customer_id = 2 WHERE id = 'y'`)
    await exact()
    await shop.psql(`DELETE FROM orders WHERE id = 'z'`)
    await exact()
    await shop.psql('TRUNCATE orders')
    await exact()
    expect(await lines(all)).toEqual([])
  })

  test('[P4.2] rows of a lost scope leave the device with all that hangs on them', async () => {
    await shop.psql(`DELETE FROM seats WHERE "user" = 'ann' AND region = 'north'`)
    await exact()
    expect(await lines(ann)).toEqual(['c1', 'c2'])
    await shop.psql(`INSERT INTO seats VALUES ('bob', 'north')`)
    await exact()
    expect(await lines(bob)).toEqual(['a1', 'a2', 'b1', 'b2'])
  })

  test('[P4.13] a new order with its lines in one transaction lands, and moves with unsent lines', async () => {
    await ann.engine.sql.batch(
      [
        [`INSERT INTO customers VALUES (9, 'north')`],
        [`INSERT INTO orders (id, customer_id) VALUES ('n', 9)`],
        [`INSERT INTO lines VALUES ('n', 1, 'one'), ('n', 2, 'two')`],
        [`INSERT INTO remarks VALUES ('n1', 'n', 1, 'why')`],
      ],
      null,
    )
    await exact()
    expect(await ann.engine.rejections.list()).toEqual([])
    await ann.run(`UPDATE orders SET customer_id = 3 WHERE id = 'n'`)
    await ann.run(`UPDATE lines SET title = 'uno' WHERE order_id = 'n' AND n = 1`)
    await ann.run(`DELETE FROM customers WHERE id = 9`)
    await exact()
    expect(await ann.engine.rejections.list()).toEqual([])
    expect(await shop.rows(`SELECT title FROM lines WHERE order_id = 'n' ORDER BY n`)).toEqual([
      { title: 'uno' },
      { title: 'two' },
    ])
  })

  test('[P4.1] who does not hold the scope of the parent writes nothing below it, nor moves a row there', async () => {
    for (const write of [
      `INSERT INTO lines VALUES ('b', 7, 'mine')`,
      `INSERT INTO lines VALUES ('nowhere', 7, 'mine')`,
      `INSERT INTO lines VALUES ('d', 7, 'mine')`,
      `INSERT INTO orders (id, customer_id) VALUES ('n', 2)`,
      `INSERT INTO remarks VALUES ('n', 'b', 1, 'mine')`,
      `UPDATE orders SET customer_id = 2 WHERE id = 'a'`,
      `UPDATE orders SET customer_id = NULL WHERE id = 'a'`,
      `UPDATE remarks SET order_id = 'b' WHERE id = 'a1'`,
    ]) {
      await ann.run(write)
      await exact()
      const [rejection] = await ann.engine.rejections.list()
      expect([write, rejection?.error.code]).toEqual([write, 'forbidden'])
      await ann.engine.rejections.discard(rejection?.id ?? 0)
    }
    expect(await shop.rows(`SELECT count(*)::text AS count FROM lines`)).toEqual([{ count: '10' }])
  })
}
