/**
 * The host migrates its tables while programs write (P17.2): no statement of theirs fails, and what was not captured is
 * marked until migrateSync has run.
 *
 * Each migration is tried on a plain table (statement triggers) and on a partitioned one (row triggers), beside a live
 * writer, and judged by two sessions: one that wrote before it, whose plans are cached, and one that did not.
 */
import { encodeScopeKey } from '@landfall/protocol'
import { defineSync } from '@landfall/schema'
import { createTestDatabase, type TestDatabase } from '@landfall/tools/postgres'
import * as pg from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Tx } from '../src/database/database.ts'
import { migrateSync } from '../src/migrate/migrate.ts'
import { readHeldScopes } from '../src/scopes/holders.ts'
import { query, write } from './database-contract.ts'
import { LAYOUTS, type Migration, MIGRATIONS, syncOf } from './support/host-migrations.ts'
import { leftBehind, openSession, RIGHT, type Session, work } from './support/host-sessions.ts'

let server: TestDatabase

/** Writes one statement after the other until it is told to end, through a view, which follows the table; answers how many. */
function keepWriting({ database }: Session): { end(): Promise<number> } {
  let going = true
  let count = 0
  const loop = async () => {
    for (; going; count++) {
      await query(database, `INSERT INTO door (id) VALUES (${10_000 + count}), (${-1 - count})`)
      await query(database, `UPDATE door SET id = id WHERE id = 1`)
      await query(database, `DELETE FROM door WHERE id = ${10_000 + count}`)
    }
    return count
  }
  const ended = loop()
  return {
    end() {
      going = false
      return ended
    },
  }
}

async function begin({ database }: Session, layout: keyof typeof LAYOUTS): Promise<void> {
  const fresh = [
    'DROP SCHEMA IF EXISTS store CASCADE',
    'DROP TABLE IF EXISTS items, things CASCADE',
    'DROP TYPE IF EXISTS mood CASCADE',
    `CREATE TYPE mood AS ENUM ('good', 'bad')`,
    ...LAYOUTS[layout],
    'CREATE VIEW door AS SELECT id FROM items',
    `INSERT INTO items VALUES (1, '7', 'one', 1, 1.5, 'good'), (2, '7', 'two', 2, 2.5, 'good')`,
  ]
  for (const statement of fresh) await query(database, statement)
  await migrateSync(database, syncOf())
  await query(database, 'TRUNCATE landfall.changes')
}

async function migrateHost({ database }: Session, { statements, alone }: Migration): Promise<void> {
  if (alone) return runAlone(statements)
  await write(database, async (tx) => {
    for (const statement of statements) await tx.query(statement)
  })
}

beforeAll(async () => {
  server = await createTestDatabase('migrations')
})
afterAll(() => server.drop())

describe.each(['plain', 'partitioned'] as const)('%s', (layout) => {
  const cases = Object.entries(MIGRATIONS).filter(([, { plainOnly }]) => layout === 'plain' || !plainOnly)

  test.each(cases)(`[P17.2] ${layout}: %s`, async (_, migration) => {
    const [admin, before, after, writer] = await Promise.all([1, 2, 3, 4].map(() => openSession(server.url)))
    if (!admin || !before || !after || !writer) throw new Error('no sessions')
    await begin(admin, layout)
    // Often enough for plans to be kept.
    for (let i = 0; i < 7; i++) expect(await work(before, 100 + 10 * i)).toEqual(RIGHT(100 + 10 * i))
    const writing = keepWriting(writer)
    try {
      await migrateHost(admin, migration)
      await work(before, 300, migration)
      await work(after, 400, migration)
      await migrateSync(admin.database, migration.after?.() ?? syncOf())
      const right = (id: number) => RIGHT(id, migration.owner)
      expect(await work(before, 500, migration)).toEqual(right(500))
      expect(await work(after, 600, migration)).toEqual(right(600))
    } finally {
      expect(await writing.end()).toBeGreaterThan(0)
      await Promise.all([admin, before, after, writer].map((session) => session.close()))
    }
  })
})

test('[P17.2] nobody waits for the mark of another, a transaction leaves one a table, and an undone one leaves none', async () => {
  const [admin, one, other] = await Promise.all([1, 2, 3].map(() => openSession(server.url)))
  if (!admin || !one || !other) throw new Error('no sessions')
  await begin(admin, 'plain')
  await query(admin.database, 'ALTER TABLE items RENAME COLUMN owner TO holder')
  const marks = (tx: Tx) =>
    tx.query(
      `SELECT op, tbl, scope, columns[1] AS code FROM landfall.changes WHERE xid = pg_current_xact_id()`,
    )
  const mark = { op: 'f', tbl: 'items', scope: '*', code: '42703' }
  await write(one.database, async (tx) => {
    await tx.query('UPDATE items SET n = 5 WHERE id = 1')
    await tx.query('UPDATE items SET n = 6 WHERE id = 1')
    expect(await marks(tx)).toEqual([mark])
    await write(other.database, async (its) => {
      await its.query(`SET LOCAL lock_timeout = '1s'`)
      await its.query('UPDATE items SET n = 7 WHERE id = 2')
      expect(await marks(its)).toEqual([mark])
    })
    await tx.query('SAVEPOINT attempt')
    await tx.query('ROLLBACK TO attempt')
    await tx.query('DELETE FROM items WHERE id = 1')
    expect(await marks(tx)).toEqual([mark])
  })
  await write(one.database, async (tx) => {
    await tx.query('SAVEPOINT attempt')
    await tx.query('UPDATE items SET n = 5 WHERE id = 2')
    await tx.query('ROLLBACK TO attempt')
    await tx.query('UPDATE items SET n = 5 WHERE id = 2')
    expect(await marks(tx)).toEqual([mark])
  })
  await Promise.all([admin, one, other].map((session) => session.close()))
})

test('[P17.2] migrateSync ends the gap: it marks the moment, makes the functions anew though their text is the same, and once', async () => {
  const [admin, before] = await Promise.all([1, 2].map(() => openSession(server.url)))
  if (!admin || !before) throw new Error('no sessions')
  await begin(admin, 'partitioned')
  for (let i = 0; i < 7; i++) await work(before, 100 + 10 * i)
  await query(admin.database, 'ALTER TABLE items ALTER n TYPE bigint')
  const wider = syncOf({ n: pg.bigint({ mode: 'bigint' }) })
  const told = await work(before, 200)
  expect(told.join()).toMatch(/f {2}\* 42804/)
  expect((await migrateSync(admin.database, wider)).captured).toEqual(['items'])
  expect(await work(before, 300)).toEqual(RIGHT(300))
  expect((await migrateSync(admin.database, wider)).captured).toEqual([])
  const marks = await query(
    admin.database,
    `SELECT op FROM landfall.changes WHERE scope = '*' ORDER BY seq DESC LIMIT 1`,
  )
  expect(marks).toEqual([{ op: 'm' }])
  await Promise.all([admin.close(), before.close()])
})

test('[P17.2] a table swapped by copy, drop and rename is captured again once migrateSync has run, and the gap is marked', async () => {
  const admin = await openSession(server.url)
  await begin(admin, 'plain')
  await query(admin.database, 'DROP VIEW door')
  const swap = [
    'CREATE TABLE copied (LIKE items INCLUDING ALL)',
    'INSERT INTO copied SELECT * FROM items',
    'DROP TABLE items',
    'ALTER TABLE copied RENAME TO items',
  ]
  await write(admin.database, async (tx) => {
    for (const statement of swap) await tx.query(statement)
  })
  await query(admin.database, `INSERT INTO items (id, owner) VALUES (50, '7')`)
  expect((await migrateSync(admin.database, syncOf())).captured).toEqual(['items'])
  expect(await work(admin, 60)).toEqual(RIGHT(60))
  const log = await query(admin.database, 'SELECT op FROM landfall.changes ORDER BY seq LIMIT 3')
  expect(log).toEqual([{ op: 'g' }, { op: 'm' }, { op: 'i' }])
  await admin.close()
})

test('[P17.2] partitions are attached, detached and attached again, with writers who go through the parent and straight', async () => {
  const admin = await openSession(server.url)
  await begin(admin, 'partitioned')
  const { database } = admin
  const lines = async (statement: string) =>
    write(database, async (tx) => {
      await tx.query(statement)
      return (await leftBehind(tx)).lines ?? ''
    })
  await query(database, 'ALTER TABLE items DETACH PARTITION items_low')
  expect(await lines(`UPDATE items_low SET n = 9 WHERE id = 1`)).toBe('')
  expect(await lines(`TRUNCATE items_low`)).toBe('t  *')
  await query(database, 'ALTER TABLE items ATTACH PARTITION items_low FOR VALUES FROM (0) TO (1000)')
  expect(await lines(`INSERT INTO items (id, owner) VALUES (3, '7')`)).toBe('i 3 own:7')
  expect(await lines(`UPDATE items_low SET n = 9 WHERE id = 3`)).toBe('u 3 own:7 n')
  await query(database, 'CREATE TABLE items_mid (LIKE items INCLUDING ALL)')
  await query(database, 'ALTER TABLE items ATTACH PARTITION items_mid FOR VALUES FROM (1000) TO (2000)')
  expect(await lines(`INSERT INTO items_mid (id, owner) VALUES (1003, '7')`)).toBe('i 1003 own:7')
  expect((await migrateSync(database, syncOf())).captured).toEqual(['items'])
  expect(await lines(`TRUNCATE items_mid`)).toBe('t  *')
  await admin.close()
})

test('[P17.2] a synced table that has become a partition is captured whichever way it is written to', async () => {
  const admin = await openSession(server.url)
  await begin(admin, 'plain')
  const { database } = admin
  await query(database, 'CREATE TABLE things (LIKE items) PARTITION BY RANGE (id)')
  await query(database, 'ALTER TABLE things ATTACH PARTITION items FOR VALUES FROM (MINVALUE) TO (MAXVALUE)')
  expect((await migrateSync(database, syncOf())).captured).toEqual(['items'])
  expect(await work(admin, 100)).toEqual(RIGHT(100))
  expect(await work(admin, 200, { table: 'things' })).toEqual(RIGHT(200))
  await admin.close()
})

test('[P17.2] no index of the log refuses a write, however long keys and scopes are', async () => {
  const admin = await openSession(server.url)
  const { database } = admin
  const long = pg.pgTable('long', { id: pg.text().primaryKey(), owner: pg.text(), title: pg.text() })
  await query(database, 'CREATE TABLE long (id text PRIMARY KEY, owner text, title text)')
  await migrateSync(database, defineSync({ tables: { long }, scopes: { own: { long: (t) => t.owner } } }), {
    schema: 'other',
  })
  const noise = `(SELECT string_agg(md5(i::text), '') FROM generate_series(1, 70) i)`
  const noise8k = `(SELECT string_agg(md5(i::text), '') FROM generate_series(1, 300) i)`
  await query(database, `INSERT INTO long VALUES (${noise}, 'x', 'y'), ('a', ${noise8k}, 'y')`)
  await query(database, `UPDATE long SET title = 'z'`)
  await query(database, `UPDATE long SET owner = ${noise8k} WHERE id <> 'a'`)
  await query(database, `UPDATE long SET owner = 'x', title = 'w' WHERE id = 'a'`)
  await query(database, `DELETE FROM long`)
  const log = await query(
    database,
    `SELECT concat_ws(' ', op, left(key[1], 4), scope) AS line FROM other.changes WHERE op <> 'm' ORDER BY seq`,
  )
  const start = 'c4ca' // of md5('1')
  expect(log.map(({ line }) => line)).toEqual([
    `i ${start} own:x`,
    `u ${start} own:x`,
    `x ${start} own:x`,
    'i a own:x',
    'd a own:x',
  ])
  await admin.close()
})

test('[P10.6] a user who holds a longer scope key than the log takes is told so', async () => {
  const admin = await openSession(server.url)
  const held = (key: string) =>
    write(admin.database, (tx) =>
      readHeldScopes(tx, { fixed: [encodeScopeKey('own', key)], query: null, spell: encodeScopeKey }, 10),
    )
  expect(await held('é'.repeat(500))).toHaveLength(1)
  await expect(held(`${'é'.repeat(500)}x`)).rejects.toMatchObject({
    code: 'too_large',
    details: { what: 'scope key', limit: 1_000 },
  })
  await admin.close()
})

/** Outside of a transaction, which the port does not offer. */
async function runAlone(statements: string[]): Promise<void> {
  const { default: postgres } = await import('postgres')
  const sql = postgres(server.url, { max: 1, onnotice: () => {} })
  for (const statement of statements) await sql.unsafe(statement)
  await sql.end()
}
