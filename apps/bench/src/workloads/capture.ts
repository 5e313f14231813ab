/**
 * Capture: what the triggers add to the host's own writes; the floor is the same statements on a table without triggers.
 *
 * Statements run in a loop inside Postgres, so that no round trip hides what they cost: one statement over many rows, and
 * single rows by one, 8 and 16 writers at once, each on rows of its own. The log's size is read after all of it.
 */
import { defineSync } from '@landfall/schema'
import { type Database, migrateSync, openDatabase } from '@landfall/server'
import * as pg from 'drizzle-orm/pg-core'
import { compare, type Compared, type Side } from '../runner/compare.ts'
import { run, type Stage } from '../stage/stage.ts'

const logged = pg.pgTable('capture_logged', {
  id: pg.integer().primaryKey(),
  owner: pg.text(),
  title: pg.text(),
  body: pg.text(),
  n: pg.integer(),
  price: pg.numeric(),
  at: pg.timestamp({ withTimezone: true }),
  done: pg.boolean(),
})
const sync = defineSync({ tables: { logged }, scopes: { own: { logged: (t) => t.owner } } })

const SCHEMA = 'bench_capture'
const COLUMNS =
  'id int PRIMARY KEY, owner text, title text, body text, n int, price numeric, at timestamptz, done bool'
const BULK = 50_000
const SINGLES = 2_000
const WRITERS = [1, 8, 16]
/** An UPDATE of many rows, in the time of the table without triggers. */
const BULK_TARGET = 5

type Writing = {
  name: string
  rows: number
  writers: number
  target?: number
  full: boolean
  sql: (table: string) => string
}

const insertRows = (table: string, from: string, to: string) => `
  INSERT INTO ${table} SELECT i, 'u' || i % 1000, 'title ' || i, repeat('body ', 10), i, i * 1.5, now(), false
  FROM generate_series(${from}, ${to}) i`

const BULK_WRITES: Writing[] = [
  { name: 'insert', full: false, sql: (table: string) => insertRows(table, '1', `${BULK}`) },
  {
    name: 'update',
    full: true,
    target: BULK_TARGET,
    sql: (table: string) => `UPDATE ${table} SET title = title || 'x'`,
  },
  {
    name: 'update that changes nothing',
    full: true,
    sql: (table: string) => `UPDATE ${table} SET title = title`,
  },
  { name: 'delete', full: true, sql: (table: string) => `DELETE FROM ${table}` },
].map((writing) => ({
  ...writing,
  name: `${writing.name} of ${BULK.toLocaleString('en')} rows`,
  rows: BULK,
  writers: 1,
}))

const SINGLE_WRITES: Writing[] = WRITERS.flatMap((writers) =>
  [
    { name: 'insert', full: false, sql: (table: string) => insertRows(table, 'r', 'r') },
    {
      name: 'update',
      full: true,
      sql: (table: string) => `UPDATE ${table} SET title = title || 'x' WHERE id = r`,
    },
    {
      name: 'update that changes nothing',
      full: true,
      sql: (table: string) => `UPDATE ${table} SET title = title WHERE id = r`,
    },
    { name: 'delete', full: true, sql: (table: string) => `DELETE FROM ${table} WHERE id = r` },
  ].map(({ name, full, sql }) => ({
    name: `${name} of single rows, ${writers} writer${writers > 1 ? 's' : ''}`,
    rows: SINGLES,
    writers,
    full,
    sql,
  })),
)

export async function benchCapture(stage: Stage, rounds: number): Promise<Compared[]> {
  const database = await openDatabase(stage.url, { connections: Math.max(...WRITERS) })
  try {
    for (const table of ['capture_bare', 'capture_logged'])
      await run(database, `CREATE TABLE ${table} (${COLUMNS})`)
    await migrateSync(database, sync, { schema: SCHEMA })
    const results: Compared[] = []
    for (const writing of [...BULK_WRITES, ...SINGLE_WRITES]) {
      const [floor, captured] = ['capture_bare', 'capture_logged'].map((table) =>
        sideOf(database, writing, table),
      )
      if (floor && captured)
        results.push(...(await compare({ floor, workloads: [captured], rounds }, stage.startCpu)))
    }
    console.error(`The log takes ${await logBytes(database)} bytes a change, indexes included.`)
    return results
  } finally {
    await database.close()
  }
}

function sideOf(database: Database, writing: Writing, table: string): Side {
  const { name, rows, writers, full, sql } = writing
  const isFloor = table === 'capture_bare'
  const side: Side = {
    name: isFloor ? 'the same without triggers' : `capture: ${name}`,
    async prepare() {
      await run(database, `TRUNCATE ${table}`)
      if (full) await run(database, insertRows(table, '1', `${rows}`))
      await run(database, `TRUNCATE ${SCHEMA}.changes`)
    },
    async run() {
      const start = performance.now()
      await Promise.all(
        Array.from({ length: writers }, (_, w) =>
          run(database, rows === BULK ? sql(table) : loop(sql(table), (rows / writers) * w, rows / writers)),
        ),
      )
      return performance.now() - start
    },
    async check() {
      const [row] = await run(database, `SELECT count(*)::text AS count FROM ${SCHEMA}.changes`)
      const expected = isFloor || name.includes('nothing') ? 0 : rows
      if (Number(row?.['count']) !== expected) throw new Error(`${name}: the log has ${row?.['count']} rows.`)
    },
  }
  return !isFloor && writing.target ? { ...side, target: writing.target } : side
}

/** Single-row statements for the rows after `from`. */
function loop(statement: string, from: number, count: number): string {
  return `DO $$ BEGIN FOR r IN ${from + 1}..${from + count} LOOP ${statement}; END LOOP; END $$`
}

async function logBytes(database: Database): Promise<number> {
  await run(database, 'TRUNCATE capture_logged')
  await run(database, `TRUNCATE ${SCHEMA}.changes`)
  await run(database, insertRows('capture_logged', '1', `${BULK}`))
  await run(database, `UPDATE capture_logged SET title = title || 'x'`)
  const size = `SELECT (pg_total_relation_size('${SCHEMA}.changes') / count(*))::text AS bytes FROM ${SCHEMA}.changes`
  const [row] = await run(database, size)
  return Number(row?.['bytes'])
}
