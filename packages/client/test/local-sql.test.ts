/**
 * docs/sql.md is true: what it says of local SQL is tried on the real mirror, beside a real Postgres.
 *
 * The page's table is read here: for each of its rows, Postgres' SQL runs on Postgres and on the device, and the device's
 * own spelling has to give what Postgres gave.
 */
import type { LandfallError } from '@landfall/client'
import { openLandfall } from '@landfall/client/node'
import { defineSync } from '@landfall/schema'
import { createTestDatabase, type TestDatabase } from '@landfall/tools/postgres'
import { boolean, integer, jsonb, numeric, pgEnum, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import postgres from 'postgres'
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const PAGE = readFileSync(new URL('../../../docs/sql.md', import.meta.url), 'utf8')

const priority = pgEnum('priority', ['low', 'normal', 'high'])
const lists = pgTable('lists', { id: uuid().primaryKey(), name: text().notNull().unique() })
const items = pgTable('items', {
  id: uuid().primaryKey(),
  listId: uuid('list_id')
    .notNull()
    .references(() => lists.id, { onDelete: 'cascade' }),
  name: text(),
  price: numeric(),
  priority: priority(),
  due: timestamp({ withTimezone: true }),
  done: boolean(),
  votes: integer(),
  tags: text().array(),
  data: jsonb(),
})
const sync = defineSync({
  tables: { lists, items },
  scopes: { list: { lists: (t) => t.id, items: (t) => t.listId } },
})

const SETUP = `
create type priority as enum ('low', 'normal', 'high');
create table lists (id uuid primary key, name text not null unique);
create table items (id uuid primary key, list_id uuid not null references lists on delete cascade, name text, price numeric,
  priority priority, due timestamptz, done boolean, votes integer, tags text[], data jsonb)`

const id = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`
const ROWS = [
  `insert into lists (id, name) values ('${id(100)}', 'home')`,
  ...[
    `'apple', '9.50', 'high', '2024-06-01 07:00:00+00', true, 3, '{red,ripe}', '{"kg": 1}'`,
    `'Banana', '10.00', 'low', '2024-06-01 09:30:00+00', false, 2, '{}', '{"kg": 2}'`,
    `'cherry', '0.1', 'normal', '2024-05-31 23:00:00+00', null, 1, '{red}', '{}'`,
    `'Äpfel', '0.2', 'low', null, true, 7, null, null`,
  ].map(
    (values, n) =>
      `insert into items (id, list_id, name, price, priority, due, done, votes, tags, data) values ('${id(n)}', '${id(100)}', ${values})`,
  ),
]

type Device = Awaited<ReturnType<typeof openLandfall<typeof sync.sqlite>>>

let database: TestDatabase
let sql: postgres.Sql
let device: Device

beforeAll(async () => {
  database = await createTestDatabase()
  sql = postgres(database.url, { max: 1, onnotice: () => {} })
  await sql.unsafe(SETUP)
  device = await openLandfall({ sync, url: 'http://127.0.0.1:9', file: ':memory:', getToken: () => null })
  for (const statement of ROWS) {
    await sql.unsafe(statement)
    await device.run(statement)
  }
})

afterAll(async () => {
  await device.close()
  await sql.end()
  await database.drop()
})

/** Rows as text, one a line: what both databases say of numbers, booleans and NULL. */
async function inPostgres(statement: string): Promise<string[]> {
  const rows = await sql.unsafe(statement).values()
  return rows.map((row) => row.map(textOf).join(' '))
}

async function onDevice(statement: string): Promise<string[]> {
  const rows = await device.all(statement)
  return rows.map((row) => Object.values(row).map(textOf).join(' '))
}

function textOf(value: unknown): string {
  if (value instanceof Date) return value.toISOString().slice(0, 10)
  return typeof value === 'boolean' ? String(Number(value)) : String(value)
}

const codeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'ran',
    (error: LandfallError) => error.code,
  )

/** The cells of the page's table rows, without their backticks. */
const rowsUnder = (heading: string): string[][] =>
  (PAGE.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('|') && line.includes('`'))
    .map((line) =>
      line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll('\\|', '|').replaceAll('`', '')),
    )

describe('what answers otherwise', () => {
  test.each(rowsUnder('Where SQLite answers otherwise'))(
    '[T5.2] %s: %s',
    async (_, theirs = '', ours = '') => {
      const expected = await inPostgres(theirs)
      expect(expected.length).toBeGreaterThan(0)
      const same = await onDevice(theirs).catch((error: LandfallError) => error.code)
      expect(same).not.toEqual(expected)
      expect(await onDevice(ours)).toEqual(expected)
    },
  )
})

describe('what runs as it is', () => {
  test.each(rowsUnder('What runs as it does in Postgres'))('[T5.2] %s: %s', async (_, statement = '') => {
    const expected = await inPostgres(statement)
    expect(expected.length).toBeGreaterThan(0)
    expect(await onDevice(statement)).toEqual(expected)
  })
})

describe('what is refused', () => {
  test.each(rowsUnder('What may not stand in local SQL'))(
    '[T5.2] %s: %s',
    async (_, statement = '', code = '') => {
      expect(await codeOf(device.run(statement))).toBe(code)
    },
  )
})

describe('what only Postgres does', () => {
  test('[T5.2] a unique value and a foreign key are Postgres’ to judge', async () => {
    expect(await codeOf(device.run(`insert into lists (id, name) values ('${id(101)}', 'home')`))).toBe('ran')
    await device.run(`delete from lists where id = '${id(101)}'`)
    const orphan = `insert into items (id, list_id) values ('${id(50)}', '${id(999)}')`
    expect(await codeOf(device.run(orphan))).toBe('ran')
    await device.run(`delete from items where id = '${id(50)}'`)
  })

  test('[T5.2] a deleted parent leaves its children on the device, until Postgres has deleted them', async () => {
    await device.run(`insert into lists (id, name) values ('${id(102)}', 'shed')`)
    await device.run(`insert into items (id, list_id, name) values ('${id(60)}', '${id(102)}', 'rake')`)
    await device.run(`delete from lists where id = '${id(102)}'`)
    expect(await onDevice(`select name from items where id = '${id(60)}'`)).toEqual(['rake'])
    await device.run(`delete from items where id = '${id(60)}'`)
  })
})

test('[T5.2] the page has its tables', () => {
  expect(rowsUnder('Where SQLite answers otherwise').length).toBeGreaterThan(12)
  expect(rowsUnder('What runs as it does in Postgres').length).toBeGreaterThan(5)
  expect(rowsUnder('What may not stand in local SQL').length).toBeGreaterThan(8)
})
