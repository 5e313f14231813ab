/** A world whose tables other people take out of capture: notes, plain, with an enum; and events, in partitions. */
import { defineSync } from '@landfall/schema'
import { type Database, migrateSync, openDatabase } from '@landfall/server'
import { createWorld, type Device, type World } from '@landfall/testkit'
import { createTestDatabase } from '@landfall/tools/postgres'
import { integer, pgEnum, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { expect } from 'vitest'

const state = pgEnum('state', ['open', 'done'])
const notes = pgTable('notes', { id: integer().primaryKey(), owner: text(), title: text(), state: state() })
const events = pgTable('events', { day: integer(), id: integer(), owner: text(), title: text() }, (t) => [
  primaryKey({ columns: [t.day, t.id] }),
])

export const sync = defineSync({
  tables: { notes, events },
  scopes: { own: { notes: (t) => t.owner, events: (t) => t.owner } },
})

const SETUP = [
  `CREATE TYPE state AS ENUM ('open', 'done')`,
  'CREATE TABLE notes (id int PRIMARY KEY, owner text, title text, state state)',
  'CREATE TABLE events (day int, id int, owner text, title text, PRIMARY KEY (day, id)) PARTITION BY RANGE (day)',
  'CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (1) TO (2)',
  'CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (2) TO (3)',
  `INSERT INTO notes SELECT n, CASE WHEN n > 7 THEN 'bob' ELSE 'ann' END, 'note ' || n, 'open' FROM generate_series(1, 9) n`,
  `INSERT INTO events SELECT d, n, 'ann', 'event ' || n FROM generate_series(1, 2) d, generate_series(1, 3) n`,
]

export type GapWorld = {
  world: World
  ann: Device
  database: Database
  /** Another program's statements, in one transaction. */
  psql(...statements: string[]): Promise<void>
  query(sql: string): Promise<{ [column: string]: string | null }[]>
  migrate(): Promise<void>
  uncaptured(): Promise<string[]>
  /** What `onError` was told. */
  told: string[]
  close(): Promise<void>
}

/** Without an address: a real Postgres. */
export async function openGapWorld(address?: string): Promise<GapWorld> {
  const fresh = address === undefined ? await createTestDatabase('gaps') : null
  const database = await openDatabase(fresh?.url ?? address ?? '')
  const psql: GapWorld['psql'] = (...statements) =>
    database.transaction({ isolation: 'read committed', readOnly: false }, async (tx) => {
      for (const statement of statements) await tx.query(statement)
    })
  await psql(...SETUP)
  const told: string[] = []
  const world = await createWorld({
    sync,
    database,
    holders: { own: ({ userId }) => [userId] },
    onError: (error) => told.push(String(error)),
  })
  const ann = await world.open('ann', { user: 'ann' })
  await world.drain()
  return {
    world,
    ann,
    database,
    psql,
    told,
    query: (sql) =>
      database.transaction({ isolation: 'read committed', readOnly: true }, (tx) => tx.query(sql)),
    migrate: async () => void (await migrateSync(database, sync)),
    uncaptured: async () => (await ann.status()).uncaptured,
    async close() {
      await world.close()
      await database.close()
      await fresh?.drop()
    },
  }
}

const NOTES = `SELECT id, owner, title, state FROM notes WHERE owner = 'ann' ORDER BY id`
const EVENTS = `SELECT day, id, owner, title FROM events WHERE owner = 'ann' ORDER BY day, id`

/** The device holds what Postgres does; unsent work is on top, so there may be none. */
export async function expectEqual({ ann, query }: GapWorld): Promise<void> {
  for (const sql of [NOTES, EVENTS]) {
    const rows = await query(sql)
    const texts = (await ann.rows(sql)).map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => [name, value === null ? null : String(value)]),
      ),
    )
    expect(texts).toEqual(rows)
  }
}
