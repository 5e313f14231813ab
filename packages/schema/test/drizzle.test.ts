/**
 * The same values through Drizzle into a real Postgres and into the mirror show the same rows on both sides.
 */
import { createTestDatabase, type TestDatabase } from '@landfall/tools/postgres'
import { eq, sql } from 'drizzle-orm'
import * as pg from 'drizzle-orm/pg-core'
import { drizzle as drizzlePostgres } from 'drizzle-orm/postgres-js'
import { drizzle as drizzleProxy } from 'drizzle-orm/sqlite-proxy'
import fc from 'fast-check'
import postgres from 'postgres'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { defineSync, type SqliteValue } from '@landfall/schema'
import { codecFor, mirrorDdl } from '@landfall/schema/internal'
import { openSqlite, type Sqlite } from './support/sqlite.ts'

const level = pg.pgEnum('level', ['low', 'high, or "so"'])
/** A custom type over bytea, as an app would write it. */
const bytes = pg.customType<{ data: Uint8Array }>({
  dataType: () => 'bytea',
  fromDriver: (v) => new Uint8Array(v as Uint8Array),
})

const things = pg.pgTable('things', {
  id: pg.uuid().primaryKey().defaultRandom(),
  flag: pg.boolean(),
  small: pg.smallint(),
  plain: pg.integer().notNull().default(7),
  big: pg.bigint({ mode: 'bigint' }),
  safe: pg.bigint('safe_int', { mode: 'number' }),
  float: pg.real(),
  double: pg.doublePrecision(),
  exact: pg.numeric(),
  price: pg.numeric({ precision: 10, scale: 2 }),
  amount: pg.numeric({ mode: 'number' }),
  huge: pg.numeric({ mode: 'bigint' }),
  text: pg.text({ enum: ['a', 'b'] }),
  short: pg.varchar({ length: 10 }),
  day: pg.date(),
  dayDate: pg.date('day_date', { mode: 'date' }),
  clock: pg.time(),
  local: pg.timestamp({ mode: 'string' }),
  localDate: pg.timestamp('local_date', { mode: 'date' }),
  instant: pg.timestamp({ withTimezone: true, mode: 'string' }),
  instantDate: pg.timestamp('instant_date', { withTimezone: true }),
  span: pg.interval(),
  json: pg.json(),
  doc: pg.jsonb().$type<{ a: number[] } | string | null>(),
  raw: bytes(),
  level: level(),
  words: pg.text().array(),
  levels: level().array(),
  matrix: pg.integer().array().array(),
  moments: pg.timestamp({ withTimezone: true }).array(),
  docs: pg.jsonb().array(),
  flags: pg.boolean().array(),
  made: pg.text().$defaultFn(() => 'by drizzle'),
  server: pg.text().default(sql`current_user`),
})
const sync = defineSync({ tables: { things }, scopes: { all: { things: true } } })
const mirror = sync.sqlite.things

type Insert = (typeof things)['$inferInsert']

let database: TestDatabase
let client: postgres.Sql
let sqlite: Sqlite
const postgresDb = () => drizzlePostgres(client)
const mirrorDb = () =>
  drizzleProxy((text, params, method) => {
    const rows = sqlite.query(text, params as SqliteValue[])
    return Promise.resolve({ rows: method === 'get' ? (rows[0] as SqliteValue[]) : rows })
  })

beforeAll(async () => {
  database = await createTestDatabase()
  const connection = { TimeZone: 'UTC', DateStyle: 'ISO', IntervalStyle: 'postgres' }
  client = postgres(database.url, { max: 1, onnotice: () => {}, connection })
  sqlite = await openSqlite()
  const columns = sync.manifest.tables[0]?.columns.map(({ name, type }) => `"${name}" ${type.sql}`) ?? []
  await client.unsafe(
    `create type level as enum ('low', 'high, or "so"'); create table things (${columns.join(', ')})`,
  )
  for (const statement of mirrorDdl(sync.manifest)) sqlite.run(statement)
})
beforeEach(() => sqlite.run('delete from things'))
afterAll(async () => {
  await client.end()
  await database.drop()
})

const text = fc.string({ unit: 'binary', maxLength: 8 }).map((s) => s.replaceAll('\0', ''))
/** Drizzle reads the year 0099 from Postgres as 1999. */
const date = fc.date({ noInvalidDate: true, min: new Date('0100-01-01'), max: new Date('9999-12-31') })
const day = date.map((d) => new Date(d.toISOString().slice(0, 10)))
const iso = date.map((d) => d.toISOString())
const finite = fc.double({ noNaN: true, noDefaultInfinity: true })
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(value, { freq: 8 })
const many = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T[] | null> => maybe(fc.array(value, { maxLength: 3 }))
const values: fc.Arbitrary<Insert> = fc.record({
  id: fc.uuid(),
  flag: maybe(fc.boolean()),
  small: maybe(fc.integer({ min: -32768, max: 32767 })),
  plain: fc.integer(),
  big: maybe(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)),
  safe: maybe(fc.maxSafeInteger()),
  float: maybe(fc.integer({ min: -99999, max: 99999 }).map((n) => n / 100)),
  double: maybe(fc.double().filter((n) => !Object.is(n, -0))), // which postgres.js sends as 0
  exact: maybe(fc.bigInt().map((n) => `${n}.10`)),
  price: maybe(fc.integer().map((n) => `${n % 1e7}.25`)),
  amount: maybe(fc.integer()),
  huge: maybe(fc.bigInt()),
  text: maybe(fc.constantFrom('a' as const, 'b' as const)),
  short: maybe(text),
  day: maybe(iso.map((s) => s.slice(0, 10))),
  dayDate: maybe(day),
  clock: maybe(iso.map((s) => s.slice(11, 19))),
  local: maybe(iso.map((s) => s.slice(0, 19).replace('T', ' '))),
  localDate: maybe(date),
  instant: maybe(iso),
  instantDate: maybe(date),
  span: maybe(fc.integer({ min: 1, max: 99 }).map((n) => `${n} hours`)),
  json: maybe(
    fc.array(fc.record({ n: finite.filter((n) => !Object.is(n, -0)), s: text }, { noNullPrototype: true })),
  ),
  doc: maybe(fc.oneof(fc.record({ a: fc.array(fc.integer()) }, { noNullPrototype: true }), text)),
  raw: maybe(fc.uint8Array({ maxLength: 9 })),
  level: maybe(fc.constantFrom('low' as const, 'high, or "so"' as const)),
  words: many(text),
  levels: many(fc.constantFrom('low' as const, 'high, or "so"' as const)),
  matrix: maybe(fc.array(fc.tuple(fc.integer(), fc.integer()), { minLength: 1, maxLength: 3 })),
  moments: many(date),
  docs: many(fc.record({ quote: fc.constantFrom('"', '\\', ',') }, { noNullPrototype: true })),
  flags: many(fc.boolean()),
})

test('[P13.6] Drizzle shows the same rows over Postgres and over the mirror', async () => {
  const runs = fc.asyncProperty(values, async (row) => {
    await postgresDb().delete(things)
    await mirrorDb().delete(mirror)
    await postgresDb()
      .insert(things)
      .values({ ...row, server: 'x' })
    await mirrorDb()
      .insert(mirror)
      .values({ ...row, server: 'x' })
    expect(await mirrorDb().select().from(mirror)).toStrictEqual(await postgresDb().select().from(things))
  })
  await fc.assert(runs, { numRuns: 150 })
})

test('[P13.6] a value stored by Drizzle travels as Postgres holds it', async () => {
  const columns = sync.manifest.tables[0]?.columns ?? []
  const names = columns.map(({ name }) => `"${name}"`)
  const runs = fc.asyncProperty(values, async (row) => {
    await postgresDb().delete(things)
    await mirrorDb().delete(mirror)
    await postgresDb()
      .insert(things)
      .values({ ...row, doc: null, json: null, docs: null })
    await mirrorDb()
      .insert(mirror)
      .values({ ...row, doc: null, json: null, docs: null })
    const [stored = []] = sqlite.query(`select ${names.join()} from things`, [])
    const [held] = await client
      .unsafe(`select ${names.map((name) => `${name}::text`).join()} from things`)
      .values()
    const wires = columns.map(({ type }, i) => codecFor(type).toWire(stored[i] ?? null))
    expect(wires).toEqual(held)
  })
  await fc.assert(runs, { numRuns: 100 })
})

test('[P13.6] conditions find rows by decoded values', async () => {
  const instantDate = new Date('2024-03-10T12:00:00.250Z')
  await mirrorDb()
    .insert(mirror)
    .values({ flag: true, big: 2n ** 62n, instantDate, price: '1.5', words: ['a b'] })
  const found = async (condition: ReturnType<typeof eq>) =>
    (await mirrorDb().select().from(mirror).where(condition)).length
  expect(await found(eq(mirror.flag, true))).toBe(1)
  expect(await found(eq(mirror.big, 2n ** 62n))).toBe(1)
  expect(await found(eq(mirror.instantDate, instantDate))).toBe(1)
  expect(await found(eq(mirror.price, '1.50'))).toBe(1)
  expect(await found(eq(mirror.words, ['a b']))).toBe(1)
  expect(await found(eq(mirror.flag, false))).toBe(0)
})

test('[P13.6] constant and function defaults apply locally, the server’s own when the row comes back', async () => {
  const [row] = await mirrorDb().insert(mirror).values({}).returning()
  expect(row).toMatchObject({ plain: 7, made: 'by drizzle', server: null })
  expect(row?.id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  sqlite.run('insert into things (flag) values (1)')
  expect(sqlite.query('select plain, made, server from things where made is null', [])).toEqual([
    [7, null, null],
  ])
})

test('[P13.1] a value that does not fit is refused before it is stored', async () => {
  await expect(mirrorDb().insert(mirror).values({ short: 'far too long to fit' })).rejects.toMatchObject({
    code: 'value_invalid',
  })
  await expect(
    mirrorDb()
      .insert(mirror)
      .values({ instantDate: new Date(Number.NaN) }),
  ).rejects.toMatchObject({
    code: 'value_invalid',
  })
})
