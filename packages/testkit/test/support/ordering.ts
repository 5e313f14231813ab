/**
 * Tables with every kind of constraint between rows, twice in one Postgres: synced, and as a twin in which statements run
 * as they were written. A device and the twin get the same transactions; afterwards both hold the same rows.
 */
import { defineSync } from '@landfall/schema'
import { type Database, openDatabase } from '@landfall/server'
import { createWorld, type Device, type World } from '@landfall/testkit'
import { createTestDatabase } from '@landfall/tools/postgres'
import { sql } from 'drizzle-orm'
import * as pg from 'drizzle-orm/pg-core'

const common = { id: pg.integer().primaryKey(), area: pg.text().notNull().default('a') }

const accounts = pg.pgTable(
  'accounts',
  { ...common, owner: pg.integer(), isDefault: pg.boolean('is_default').notNull().default(false) },
  (t) => [pg.uniqueIndex().on(t.owner).where(sql`is_default`)],
)
const slots = pg.pgTable(
  'slots',
  { ...common, board: pg.integer().notNull(), position: pg.integer(), code: pg.text().unique() },
  (t) => [pg.unique().on(t.board, t.position)],
)
const nodes = pg.pgTable('nodes', {
  ...common,
  parent: pg.integer().references((): pg.AnyPgColumn => nodes.id),
  rank: pg.integer().notNull().default(0),
})
const teams = pg.pgTable('teams', {
  ...common,
  name: pg.text().unique(),
  lead: pg.integer().references((): pg.AnyPgColumn => people.id),
})
const people = pg.pgTable('people', {
  ...common,
  team: pg
    .integer()
    .notNull()
    .references(() => teams.id),
})
/** Postgres alone knows that its `slot` is a slot, and that its `next` is one of `tags`. */
const docs = pg.pgTable('docs', { ...common, slot: pg.integer(), tag: pg.integer() })
const tags = pg.pgTable('tags', { ...common, doc: pg.integer() })

export const TABLES = ['accounts', 'slots', 'nodes', 'teams', 'people', 'docs', 'tags'] as const

const sync = defineSync({
  tables: { docs, tags, people, teams, nodes, slots, accounts },
  scopes: {
    area: {
      docs: (t) => t.area,
      tags: (t) => t.area,
      people: (t) => t.area,
      teams: (t) => t.area,
      nodes: (t) => t.area,
      slots: (t) => t.area,
      accounts: (t) => t.area,
    },
  },
})

export const DEFERRABLE = ['', 'DEFERRABLE', 'DEFERRABLE INITIALLY DEFERRED'] as const
export type Deferrable = (typeof DEFERRABLE)[number]

const COMMON = `id int PRIMARY KEY, area text NOT NULL DEFAULT 'a'`

const ddl = (deferrable: Deferrable): string[] => [
  `CREATE TABLE accounts (${COMMON}, owner int, is_default boolean NOT NULL DEFAULT false)`,
  'CREATE UNIQUE INDEX ON accounts (owner) WHERE is_default',
  `CREATE TABLE slots (${COMMON}, board int NOT NULL, position int, code text UNIQUE ${deferrable},
    UNIQUE (board, position) ${deferrable})`,
  `CREATE TABLE nodes (${COMMON}, parent int REFERENCES nodes ${deferrable}, rank int NOT NULL DEFAULT 0)`,
  `CREATE TABLE teams (${COMMON}, name text UNIQUE ${deferrable}, lead int)`,
  `CREATE TABLE people (${COMMON}, team int NOT NULL REFERENCES teams ${deferrable})`,
  `ALTER TABLE teams ADD FOREIGN KEY (lead) REFERENCES people ${deferrable}`,
  `CREATE TABLE docs (${COMMON}, slot int REFERENCES slots ON DELETE RESTRICT, tag int)`,
  `CREATE TABLE tags (${COMMON}, doc int REFERENCES docs ${deferrable})`,
  `ALTER TABLE docs ADD FOREIGN KEY (tag) REFERENCES tags ${deferrable}`,
]

export type Rows = { [table: string]: (string | null)[][] }

export type OrderWorld = {
  device: Device
  /** Runs statements in the twin, in one transaction, each that Postgres takes; answers those, or null where it took none at its end. */
  asWritten(statements: readonly string[]): Promise<string[] | null>
  /** Runs them on the device in one transaction, and syncs. Answers the errors of what was refused. */
  throughDevice(statements: readonly string[]): Promise<unknown[]>
  /** The rows of both. */
  rows(side: 'public' | 'twin'): Promise<Rows>
  /** Runs statements of another program on both sides, and lets the device have them. */
  everywhere(...statements: string[]): Promise<void>
  /** After a refusal: both sides and the device hold the twin's rows. */
  level(): Promise<void>
  close(): Promise<void>
}

export async function createOrderWorld(deferrable: Deferrable, address?: string): Promise<OrderWorld> {
  const fresh = address === undefined ? await createTestDatabase('order') : null
  const database = await openDatabase(address ?? fresh?.url ?? '')
  await psql(database, 'CREATE SCHEMA twin')
  await psql(database, ...ddl(deferrable))
  await psql(database, 'SET LOCAL search_path = twin', ...ddl(deferrable))
  const world = await createWorld({ sync, holders: { area: () => ['a'] }, database })
  const device = await world.open('device', { user: 'ann' })
  await world.drain()
  return {
    device,
    asWritten: (statements) => runTwin(database, statements),
    throughDevice: (statements) => runDevice(world, device, statements),
    rows: (side) => readRows(database, side),
    async everywhere(...statements) {
      await psql(database, ...statements)
      await psql(database, 'SET LOCAL search_path = twin', ...statements)
      await world.drain()
    },
    async level() {
      await psql(database, 'SET LOCAL session_replication_role = replica', ...TABLES.flatMap(copyOfTwin))
      await world.drain()
    },
    async close() {
      await world.close()
      await database.close()
      await fresh?.drop()
    },
  }
}

const copyOfTwin = (table: string): string[] => [
  `DELETE FROM ${table}`,
  `INSERT INTO ${table} SELECT * FROM twin.${table}`,
]

const WRITE = { isolation: 'read committed', readOnly: false } as const

async function psql(database: Database, ...statements: string[]): Promise<void> {
  await database.transaction(WRITE, async (tx) => {
    for (const statement of statements) await tx.query(statement)
  })
}

async function runTwin(database: Database, statements: readonly string[]): Promise<string[] | null> {
  const taken: string[] = []
  try {
    await database.transaction(WRITE, async (tx) => {
      await tx.query('SET LOCAL search_path = twin')
      for (const statement of statements) {
        await tx.query('SAVEPOINT each')
        try {
          await tx.query(statement)
          await tx.query('RELEASE SAVEPOINT each')
          taken.push(statement)
        } catch {
          await tx.query('ROLLBACK TO SAVEPOINT each')
        }
      }
      await tx.query('SET CONSTRAINTS ALL IMMEDIATE')
    })
  } catch {
    return null
  }
  return taken
}

async function runDevice(world: World, device: Device, statements: readonly string[]): Promise<unknown[]> {
  const before = (await device.engine.rejections.list()).length
  await device.engine.sql.batch(
    statements.map((statement) => [statement, []]),
    null,
  )
  await world.drain()
  return (await device.engine.rejections.list()).slice(before).map(({ error }) => error)
}

async function readRows(database: Database, side: string): Promise<Rows> {
  const rows: Rows = {}
  for (const table of TABLES) {
    const found = await database.transaction(WRITE, (tx) =>
      tx.query(`SELECT to_json(t)::text AS row FROM ${side}.${table} AS t ORDER BY id`),
    )
    rows[table] = found.map(({ row = null }) => [row])
  }
  return rows
}
