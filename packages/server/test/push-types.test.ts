/** Every type there is, through inserts, comparisons, updates, conflicts and deletes. */
import {
  changesetNumber,
  clientId,
  encodeHlc,
  hlcFromTime,
  userId,
  type WireColumns,
} from '@landfall/protocol'
import { defineSync } from '@landfall/schema'
import * as pg from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { migrateSync } from '../src/migrate/migrate.ts'
import { releaseSync } from '../src/migrate/release.ts'
import { handlePush } from '../src/push/push.ts'
import { createPushWorld, currentHistory, type PushWorld, tellVerdict } from './support/push-world.ts'

const mood = pg.pgEnum('mood', ['fine', 'so "so"', `it's, {bad}`])

const things = pg.pgTable('things', {
  id: pg.uuid().primaryKey(),
  place: pg.integer().notNull(),
  bool: pg.boolean(),
  int2: pg.smallint(),
  int8: pg.bigint({ mode: 'bigint' }),
  float4: pg.real(),
  float8: pg.doublePrecision(),
  numeric: pg.numeric(),
  fixed: pg.numeric({ precision: 12, scale: 3 }),
  text: pg.text(),
  varchar: pg.varchar({ length: 4 }),
  char: pg.char({ length: 4 }),
  uuid: pg.uuid(),
  mood: mood(),
  date: pg.date(),
  time: pg.time(),
  timestamp: pg.timestamp(),
  timestamptz: pg.timestamp({ withTimezone: true }),
  interval: pg.interval(),
  json: pg.json(),
  jsonb: pg.jsonb(),
  bytea: pg.customType<{ data: Uint8Array }>({ dataType: () => 'bytea' })(),
  texts: pg.text().array(),
  numbers: pg.bigint({ mode: 'bigint' }).array(),
  varchars: pg.varchar({ length: 4 }).array(),
  moods: mood().array(),
  jsons: pg.json().array(),
  inet: pg.inet(),
  timetz: pg.time({ withTimezone: true }),
  point: pg.point({ mode: 'tuple' }),
  bits: pg.bit({ dimensions: 3 }),
  ip: pg.inet().array(),
  citext: pg.customType<{ data: string }>({ dataType: () => 'citext' })(),
  range: pg.customType<{ data: string }>({ dataType: () => 'int4range' })(),
  xml: pg.customType<{ data: string }>({ dataType: () => 'xml' })(),
})

const sync = defineSync({ tables: { things }, scopes: { place: { things: (t) => t.place } } })

const TYPES: { [column: string]: [type: string, one: string, other: string] } = {
  bool: ['boolean', 'true', 'false'],
  int2: ['smallint', '-32768', '32767'],
  int8: ['bigint', '9007199254740993', '-9223372036854775808'],
  float4: ['real', '1.1', 'NaN'],
  float8: ['double precision', '0.1', '-Infinity'],
  numeric: ['numeric', '1.50', '123456789012345678901234567890.000'],
  fixed: ['numeric(12,3)', '1.500', '-0.001'],
  text: ['text', `a"b'c\\d\n{},NULL`, ''],
  varchar: ['varchar(4)', 'ÄÖ"\\', ' a  '],
  char: ['char(4)', 'ab', '  cd'],
  uuid: ['uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '00000000-0000-0000-0000-000000000000'],
  mood: ['mood', 'so "so"', `it's, {bad}`],
  date: ['date', '0044-03-15 BC', 'infinity'],
  time: ['time', '24:00:00', '00:00:00.000001'],
  timestamp: ['timestamp', '2024-02-29 23:59:59.999999', '-infinity'],
  timestamptz: ['timestamptz', '2024-02-29 23:59:59.999999+00', '10000-01-01 00:00:00+00'],
  interval: ['interval', '1 mon -2 days +03:04:05.678', '24:00:00'],
  json: ['json', '{"b" : 1.0, "a": 1, "a": 2}', 'null'],
  jsonb: ['jsonb', '{"a": 1.0, "b": [1, null]}', '"ä"'],
  bytea: ['bytea', '\\x00ff', '\\x'],
  texts: ['text[]', '{"a,b","NULL",NULL,"","\\"\\\\"}', '{{a,b},{c,d}}'],
  numbers: ['bigint[]', '{1,-9223372036854775808}', '[0:1]={1,2}'],
  varchars: ['varchar(4)[]', '{abcd,"a b"}', '{}'],
  moods: ['mood[]', '{fine,"so \\"so\\""}', '{NULL}'],
  jsons: ['json[]', '{"{\\"a\\" : 1}",NULL}', '{}'],
  inet: ['inet', '10.0.0.0/8', '::1/128'],
  timetz: ['timetz', '12:34:56.789+02', '00:00:00-12'],
  point: ['point', '(1.5,-2)', '(0,0)'],
  bits: ['bit(3)', '101', '000'],
  ip: ['inet[]', '{10.0.0.1,NULL}', '{}'],
  citext: ['citext', 'Ann', 'ANN'],
  range: ['int4range', '[1,10)', 'empty'],
  xml: ['xml', '<a b="1"/>', '<a b="2"/>'],
}
const NAMES = Object.keys(TYPES)
const ONE = NAMES.map((name) => TYPES[name]?.[1] ?? null)
const OTHER = NAMES.map((name) => TYPES[name]?.[2] ?? null)
const NOTHING = NAMES.map(() => null)
const ID = '00000000-0000-4000-8000-000000000001'

let world: PushWorld

beforeAll(async () => {
  world = await createPushWorld()
  await world.run('CREATE EXTENSION IF NOT EXISTS citext')
  await world.run(`CREATE TYPE mood AS ENUM ('fine', 'so "so"', 'it''s, {bad}')`)
  const columns = NAMES.map((name) => `"${name}" ${TYPES[name]?.[0]}`)
  await world.run(`CREATE TABLE things (id uuid PRIMARY KEY, place int NOT NULL, ${columns.join(', ')})`)
  await releaseSync(world.database) // the shop's: a bookkeeping schema serves one app
  await migrateSync(world.database, sync)
})
afterAll(() => world.close())

type Sides = { operation: 'insert' | 'update' | 'delete'; old?: (string | null)[]; new?: (string | null)[] }

let number = 0

async function push({ operation, old, new: after }: Sides): Promise<string> {
  const block = (values?: (string | null)[]): WireColumns => (values ?? []).map((value) => [value])
  const place = operation === 'insert' ? { name: ['place'], value: [['1']] } : { name: [], value: [] }
  const change = {
    table: 'things',
    operation,
    columns: [...place.name, ...NAMES],
    keys: [[ID]],
    old: block(old),
    new: [...place.value, ...block(after)],
  }
  const hlc = encodeHlc(hlcFromTime(Date.now() + 1000))
  const changesets = [{ number: changesetNumber(++number), hlc, label: null, changes: [change] }]
  const history = await currentHistory(world.context)
  const context = { ...world.context, sync, holders: { place: () => ['1'] } }
  const { verdicts } = await handlePush(
    context,
    { client: clientId('types'), history, moved: changesetNumber(0), changesets },
    userId('ann'),
  )
  return verdicts.map(tellVerdict).join()
}

async function stored(): Promise<(string | null)[]> {
  const [row = {}] = await world.run(
    `SELECT ${NAMES.map((name) => `"${name}"::text`).join(', ')} FROM things`,
  )
  return NAMES.map((name) => row[name] ?? null)
}

const conflicts = () => world.value('SELECT count(*) FROM landfall.conflicts')

test('[P13] values of every type are stored as they were sent, and found to be what they are', async () => {
  expect(await push({ operation: 'insert', new: ONE })).toBe('applied')
  expect(await stored()).toEqual(ONE)
  expect(await push({ operation: 'update', old: ONE, new: OTHER })).toBe('applied')
  expect(await stored()).toEqual(OTHER)
  expect(await push({ operation: 'update', old: OTHER, new: NOTHING })).toBe('applied')
  expect(await stored()).toEqual(NOTHING)
  expect(await push({ operation: 'update', old: NOTHING, new: ONE })).toBe('applied')
  expect(await push({ operation: 'delete', old: ONE })).toBe('applied')
  expect(await stored()).toEqual(NOTHING)
  expect(await conflicts()).toBe('0')
})

test('[P7.1] losers of every type are kept as they were', async () => {
  await push({ operation: 'insert', new: ONE })
  await world.run(`UPDATE things SET ${NAMES.map((name) => `"${name}" = NULL`).join(', ')}`)
  expect(await push({ operation: 'update', old: ONE, new: OTHER })).toBe('applied')
  expect(await stored()).toEqual(OTHER)
  const rows = await world.run('SELECT col, base, mine, theirs FROM landfall.conflicts')
  const kept = new Map(rows.map((row) => [row['col'], [row['base'], row['mine'], row['theirs']]]))
  expect(NAMES.map((name) => kept.get(name))).toEqual(NAMES.map((_, i) => [ONE[i], OTHER[i], null]))
})

test('[P13] a text that is too long for its column is refused, not cut', async () => {
  const place = NAMES.indexOf('varchar')
  const tooLong: { [name: string]: string } = {
    varchar: 'abcde',
    char: 'abcde',
    varchars: '{abcde}',
    bits: '1010',
  }
  for (const [name, value] of Object.entries(tooLong)) {
    const long = NOTHING.map((nothing, i) => (NAMES[i] === name ? value : nothing))
    expect(await push({ operation: 'update', old: OTHER, new: long })).toBe('value_invalid')
  }
  expect((await stored())[place]).toBe(OTHER[place])
})

test('[P13.9] a value of a type that only Postgres checks becomes a rejection where Postgres refuses it', async () => {
  for (const [name, value] of Object.entries({ inet: '10.0.0.256', range: '[10,1)', xml: '<a' })) {
    const wrong = OTHER.map((other, i) => (NAMES[i] === name ? value : other))
    expect(await push({ operation: 'update', old: OTHER, new: wrong })).toBe('value_invalid')
  }
  expect(await stored()).toEqual(OTHER)
})

test('[P13.9] a change that the type calls equal is a change all the same, and is captured', async () => {
  const [row] = await world.run(`UPDATE things SET citext = 'ann' RETURNING citext::text AS citext`)
  expect(row).toEqual({ citext: 'ann' })
  const [logged] = await world.run(
    'SELECT columns::text AS columns FROM landfall.changes ORDER BY seq DESC LIMIT 1',
  )
  expect(logged).toEqual({ columns: '{citext}' })
  const upper = OTHER.map((other, i) => (NAMES[i] === 'citext' ? 'ANn' : other))
  expect(await push({ operation: 'update', old: OTHER, new: upper })).toBe('applied')
  expect(await conflicts()).toBe(String(NAMES.length + 1))
})
