/** The change log, read as SQL: every way of writing a table leaves its rows there (P6.2), and no other does. */
import { defineSync } from '@landfall/schema'
import { createTestDatabase, type TestDatabase } from '@landfall/tools/postgres'
import { integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Database } from '../src/database/database.ts'
import { migrateSync } from '../src/migrate/migrate.ts'
import { openDatabase } from '../src/database/open-database.ts'
import { query, write } from './database-contract.ts'

const parts = pgTable(
  'parts',
  { year: integer().notNull(), id: integer().notNull(), team: integer(), title: text() },
  (t) => [primaryKey({ columns: [t.year, t.id] })],
)
const tasks = pgTable('tasks', {
  id: integer().primaryKey(),
  team: integer(),
  boss: integer(),
  title: text(),
})
const subtasks = pgTable('subtasks', {
  id: integer().primaryKey(),
  taskId: integer('task_id'),
  team: integer(),
})

const sync = defineSync({
  tables: { parts, tasks, subtasks },
  scopes: {
    team: { parts: (t) => t.team, tasks: (t) => t.team, subtasks: (t) => t.team },
    boss: { tasks: (t) => t.boss },
  },
  write: { tasks: 'team' },
})

const TABLES = [
  'CREATE TABLE parts (year int, id int, team int, title text, PRIMARY KEY (year, id)) PARTITION BY RANGE (year)',
  'CREATE TABLE parts_old PARTITION OF parts FOR VALUES FROM (MINVALUE) TO (2000)',
  'CREATE TABLE parts_new PARTITION OF parts FOR VALUES FROM (2000) TO (MAXVALUE) PARTITION BY RANGE (id)',
  'CREATE TABLE parts_new_all PARTITION OF parts_new DEFAULT',
  'CREATE TABLE tasks (id int PRIMARY KEY, team int, boss int, title text)',
  `CREATE TABLE subtasks (
    id int PRIMARY KEY, task_id int REFERENCES tasks ON DELETE CASCADE ON UPDATE CASCADE, team int)`,
]

let server: TestDatabase
let database: Database

beforeAll(async () => {
  server = await createTestDatabase('capture')
  database = await openDatabase(server.url)
  for (const statement of TABLES) await query(database, statement)
  await migrateSync(database, sync)
})

afterAll(async () => {
  await database.close()
  await server.drop()
})

beforeEach(async () => {
  await query(database, 'TRUNCATE parts, tasks, subtasks')
  await query(database, 'TRUNCATE landfall.changes')
})

/** The log since the last look, one line a row: operation, table, key, scope, changed columns. */
async function logged(): Promise<string[]> {
  const rows = await write(database, async (tx) => {
    const all = await tx.query(`
      SELECT concat_ws(' ', op, tbl, array_to_string(key, ','), scope, array_to_string(columns, ',')) AS line
      FROM landfall.changes ORDER BY seq`)
    await tx.query('TRUNCATE landfall.changes')
    return all
  })
  return rows.map((row) => row['line'] ?? '')
}

async function run(...statements: string[]): Promise<string[]> {
  await write(database, async (tx) => {
    for (const statement of statements) await tx.query(statement)
  })
  return logged()
}

test('[P6.2] inserts, updates and deletes: a line per row and scope, none for rows in no scope', async () => {
  expect(
    await run(`INSERT INTO tasks VALUES (1, 7, 70, 'a'), (2, 7, NULL, 'b'), (3, NULL, NULL, 'c')`),
  ).toEqual(['i tasks 1 team:7', 'i tasks 1 boss:70', 'i tasks 2 team:7'])
  expect(await run(`UPDATE tasks SET title = 'x'`)).toEqual([
    'u tasks 1 team:7 title',
    'u tasks 1 boss:70 title',
    'u tasks 2 team:7 title',
  ])
  expect(await run(`UPDATE tasks SET title = 'x', boss = boss`)).toEqual([])
  expect(await run(`UPDATE tasks SET title = NULL, team = 8 WHERE id = 1`)).toEqual([
    'x tasks 1 team:7 team,title',
    'i tasks 1 team:8 team,title',
    'u tasks 1 boss:70 team,title',
  ])
  expect(await run(`UPDATE tasks SET team = 7 WHERE id = 3`)).toEqual(['i tasks 3 team:7 team'])
  expect(await run(`UPDATE tasks SET boss = NULL WHERE id = 1`)).toEqual([
    'u tasks 1 team:8 boss',
    'x tasks 1 boss:70 boss',
  ])
  expect((await run(`DELETE FROM tasks`)).toSorted()).toEqual([
    'd tasks 1 team:8',
    'd tasks 2 team:7',
    'd tasks 3 team:7',
  ])
})

test('[P6.2] a key change is a deletion of the old key and an insertion of the new, with cascades', async () => {
  await run(`INSERT INTO tasks VALUES (1, 7, NULL, 'a')`, `INSERT INTO subtasks VALUES (10, 1, 7)`)
  expect(await run(`UPDATE tasks SET id = 2, team = 9`)).toEqual([
    'd tasks 1 team:7',
    'i tasks 2 team:9',
    'u subtasks 10 team:7 task_id',
  ])
  expect(await run(`DELETE FROM tasks`)).toEqual(['d tasks 2 team:9', 'd subtasks 10 team:7'])
})

test('[P6.2] upserts, COPY-like bulk loads and common table expressions', async () => {
  await run(`INSERT INTO tasks VALUES (1, 7, NULL, 'a')`)
  const upsert = `INSERT INTO tasks VALUES (1, 7, NULL, 'b'), (2, 7, NULL, 'c')
    ON CONFLICT (id) DO UPDATE SET title = excluded.title`
  expect((await run(upsert)).toSorted()).toEqual(['i tasks 2 team:7', 'u tasks 1 team:7 title'])
  const moved = `WITH gone AS (DELETE FROM tasks WHERE id = 1 RETURNING *)
    INSERT INTO tasks SELECT 5, team, boss, title FROM gone`
  expect((await run(moved)).toSorted()).toEqual(['d tasks 1 team:7', 'i tasks 5 team:7'])
  expect(await run(`INSERT INTO tasks SELECT i, 1, 2, 'x' FROM generate_series(100, 599) i`)).toHaveLength(
    1000,
  )
})

test('[P6.2] partitions: through the parent, straight to a partition, and from one to another', async () => {
  const through = [`INSERT INTO parts VALUES (1999, 1, 7, 'a')`, `INSERT INTO parts VALUES (2001, 2, 7, 'b')`]
  expect(await run(...through)).toEqual(['i parts 1999,1 team:7', 'i parts 2001,2 team:7'])
  const straight = [
    `INSERT INTO parts_old VALUES (1998, 3, 7, 'c')`,
    `UPDATE parts_new_all SET title = 'x' WHERE id = 2`,
    `DELETE FROM parts_old WHERE id = 3`,
  ]
  expect(await run(...straight)).toEqual([
    'i parts 1998,3 team:7',
    'u parts 2001,2 team:7 title',
    'd parts 1998,3 team:7',
  ])
  expect((await run(`UPDATE parts SET year = 2005 WHERE id = 1`)).toSorted()).toEqual([
    'd parts 1999,1 team:7',
    'i parts 2005,1 team:7',
  ])
})

test('[P6.2] TRUNCATE of a table, of a parent and of one partition', async () => {
  expect(await run('TRUNCATE tasks CASCADE')).toEqual(['t tasks  *', 't subtasks  *'])
  expect(new Set(await run('TRUNCATE parts'))).toEqual(new Set(['t parts  *']))
  expect(await run('TRUNCATE parts_old')).toEqual(['t parts  *'])
})

test('[P6.2] a partition that came later is captured, TRUNCATE included once migrated', async () => {
  await run('CREATE TABLE parts_older PARTITION OF parts_new FOR VALUES FROM (5000) TO (6000)')
  expect(await run(`INSERT INTO parts_older VALUES (2010, 5001, 7, 'late')`)).toEqual([
    'i parts 2010,5001 team:7',
  ])
  expect((await migrateSync(database, sync)).captured).toEqual(['parts'])
  expect((await migrateSync(database, sync)).captured).toEqual([])
  // That a TRUNCATE may have been missed is marked; that one has rewritten the others, too.
  const marks = ['m tasks  *', 'm subtasks  *', 'g parts  *', 'm parts  *']
  expect(new Set(await run('TRUNCATE parts_older'))).toEqual(new Set([...marks, 't parts  *']))
})

test('[P6.2] session_replication_role = replica does not hide a write', async () => {
  const lines = await run(
    'SET LOCAL session_replication_role = replica',
    `INSERT INTO tasks VALUES (1, 7, NULL, 'a')`,
    `UPDATE tasks SET title = 'b'`,
    `INSERT INTO parts VALUES (1999, 1, 7, 'a')`,
    `DELETE FROM tasks`,
    `TRUNCATE parts_old`,
  )
  expect(lines).toEqual([
    'i tasks 1 team:7',
    'u tasks 1 team:7 title',
    'i parts 1999,1 team:7',
    'd tasks 1 team:7',
    't parts  *',
  ])
})

test('[P6.2] a role without any right on schema landfall writes as before, and a hostile search_path changes nothing', async () => {
  const role = `writer_${crypto.randomUUID().slice(0, 8)}`
  await query(database, `CREATE ROLE ${role}`)
  await query(database, `GRANT SELECT, INSERT, UPDATE, DELETE, TRUNCATE ON tasks TO ${role}`)
  const lines = await run(
    `CREATE TEMP TABLE changes (LIKE landfall.changes) ON COMMIT DROP`,
    `CREATE SCHEMA evil`,
    `CREATE FUNCTION evil.array_remove(text[], text) RETURNS text[] LANGUAGE sql AS $$ SELECT '{}'::text[] $$`,
    `GRANT USAGE ON SCHEMA evil TO ${role}`,
    `SET LOCAL search_path = evil, pg_temp, public, pg_catalog`,
    `SET LOCAL ROLE ${role}`,
    `INSERT INTO tasks VALUES (1, 7, NULL, 'a')`,
    `UPDATE tasks SET title = 'b'`,
    `DELETE FROM tasks`,
  )
  expect(lines).toEqual(['i tasks 1 team:7', 'u tasks 1 team:7 title', 'd tasks 1 team:7'])
  await query(database, 'DROP SCHEMA evil CASCADE')
  await query(database, `DROP OWNED BY ${role}`)
  await query(database, `DROP ROLE ${role}`)
})

test('[P6.2] the triggers survive being dumped and restored: their conditions print as Postgres reads them', async () => {
  const triggers = await query(
    database,
    `SELECT pg_get_triggerdef(oid) AS sql, tgrelid::regclass::text AS relation, tgname AS name
     FROM pg_trigger WHERE tgname LIKE 'landfall%' AND tgparentid = 0 AND tgrelid IN ('tasks'::regclass, 'parts'::regclass)`,
  )
  expect(triggers).toHaveLength(8)
  await write(database, async (tx) => {
    for (const { sql, relation, name } of triggers) {
      await tx.query(`DROP TRIGGER ${name} ON ${relation}`)
      await tx.query(sql ?? '')
      await tx.query(`ALTER TABLE ${relation} ENABLE ALWAYS TRIGGER ${name}`)
    }
  })
  expect(await run(`INSERT INTO tasks VALUES (1, 7, NULL, 'a')`, `UPDATE tasks SET title = NULL`)).toEqual([
    'i tasks 1 team:7',
    'u tasks 1 team:7 title',
  ])
})

test('[P2.2] a changeset’s stamp and client stand in the rows it wrote, others have the time and no client', async () => {
  const before = Date.now()
  await write(database, async (tx) => {
    await tx.query(
      `SELECT set_config('landfall.landfall_hlc', '12345', true), set_config('landfall.landfall_client', 'me', true)`,
    )
    await tx.query(`INSERT INTO tasks VALUES (1, 7, NULL, 'a')`)
  })
  await query(database, `UPDATE tasks SET title = 'b'`)
  const rows = await query(database, 'SELECT hlc::text, client FROM landfall.changes ORDER BY seq')
  expect(rows[0]).toEqual({ hlc: '12345', client: 'me' })
  expect(rows[1]?.['client']).toBe(null)
  expect(Number(BigInt(rows[1]?.['hlc'] ?? 0) >> 16n)).toBeGreaterThan(before - 5_000)
})
