/** Both sides make the same sums of every supported type, and see damage in each (P3.3). */
import { defineSync } from '@landfall/schema'
import { migrateSync, openDatabase } from '@landfall/server'
import { createWorld, type Device, type World } from '@landfall/testkit'
import { createTestDatabase } from '@landfall/tools/postgres'
import * as pg from 'drizzle-orm/pg-core'
import { uuidOf as id } from '@landfall/tools/tables'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { FINE, verify } from './support/verifying.ts'

const mood = pg.pgEnum('mood', ['fine', 'so "so"'])

/** Column, type in Postgres, one value and another. */
const TYPES: [name: string, type: string, one: string, other: string][] = [
  ['bool', 'boolean', 'true', 'false'],
  ['int2', 'smallint', '-32768', '7'],
  ['int8', 'bigint', '9007199254740993', '-9223372036854775808'],
  ['float4', 'real', '1.1', 'NaN'],
  ['float8', 'double precision', '1e300', '-0'],
  ['numeric', 'numeric', '1.50', 'NaN'],
  ['fixed', 'numeric(12,3)', '1.5', '-0.001'],
  ['text', 'text', `"\\\b\f\n\r\t\u0001\u001f\u007f\u2028 \u{1f600}</`, ''],
  ['char', 'char(4)', 'ab', ''],
  ['mood', 'mood', 'so "so"', 'fine'],
  ['date', 'date', '0044-03-15 BC', 'infinity'],
  ['time', 'time', '24:00:00', '00:00:00.000001'],
  ['timestamp', 'timestamp', '2024-02-29 23:59:59.999999', '-infinity'],
  ['timestamptz', 'timestamptz', '2024-02-29 23:59:59.5+02', '0044-03-15 00:00:00+00 BC'],
  ['interval', 'interval', '1 mon -2 days +03:04:05.678', '0'],
  ['json', 'json', '{"b" : 1.0, "a": "\\u00e9", "a": 2}', 'null'],
  ['jsonb', 'jsonb', '{"b" : 1.0, "a": "\\u00e9"}', '[]'],
  ['bytea', 'bytea', '\\x00ff', '\\x'],
  ['texts', 'text[]', '{"a,b","NULL",NULL,"","\\"\\\\"}', '[0:1]={a,b}'],
  ['times', 'timestamptz[]', '{"2024-02-29 23:59:59.5+02"}', '{}'],
]

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
  char: pg.char({ length: 4 }),
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
  times: pg.timestamp({ withTimezone: true }).array(),
  owner: pg.text(),
})

const stamps = pg.pgTable(
  'stamps',
  { at: pg.timestamp({ withTimezone: true }).notNull(), name: pg.text().notNull(), note: pg.text() },
  (t) => [pg.primaryKey({ columns: [t.name, t.at] })],
)

const sync = defineSync({
  tables: { things, stamps },
  scopes: {
    place: { things: (t) => t.place },
    own: { things: (t) => t.owner },
    public: { stamps: true },
  },
  write: { things: 'place' },
})

let world: World
let ada: Device
let close: () => Promise<void>

beforeAll(async () => {
  const { url, drop } = await createTestDatabase()
  const database = await openDatabase(url)
  const run = (sql: string, params: (string | null)[] = []) =>
    database.transaction({ isolation: 'read committed', readOnly: false }, (tx) => tx.query(sql, params))
  await run(`CREATE TYPE mood AS ENUM ('fine', 'so "so"')`)
  const columns = TYPES.map(([name, type]) => `"${name}" ${type}`)
  await run(
    `CREATE TABLE things (id uuid PRIMARY KEY, place int NOT NULL, ${columns.join(', ')}, owner text)`,
  )
  await run(`CREATE TABLE stamps (at timestamptz, name text, note text, PRIMARY KEY (name, at))`)
  await migrateSync(database, sync)
  const casts = TYPES.map(([, type], i) => `$${i + 2}::text::${type}`)
  const insert = `INSERT INTO things VALUES ($1::uuid, 1, ${casts.join(', ')})`
  await run(insert, [id(1), ...TYPES.map(([, , one]) => one)])
  await run(insert, [id(2), ...TYPES.map(([, , , other]) => other)])
  await run(insert, [id(3), ...TYPES.map(() => null)])
  await run(`UPDATE things SET owner = 'ada' WHERE id <> '${id(3)}'`)
  await run(`INSERT INTO stamps VALUES ('2024-02-29 23:59:59.5Z', 'a"b', NULL), ('infinity', '', ':')`)
  const holders = { place: () => ['1'], own: ({ userId }: { userId: string }) => [userId] }
  world = await createWorld({ sync, holders, database })
  ada = await world.open('a', { user: 'ada' })
  await world.drain()
  close = async () => {
    await world.close()
    await database.close()
    await drop()
  }
})
afterAll(() => close())

test('[P3.3] the sums of every type agree', async () => {
  expect(await ada.rows('select id from things')).toHaveLength(3)
  expect(await verify(world, ada)).toEqual(FINE)
})

test.each(TYPES.map(([name]) => name))(
  '[P3.3] a value of %s in a wrong row is found and put right',
  async (name) => {
    const all = () => ada.rows('select * from things order by id')
    const before = await all()
    ada.damage(
      `update things set "${name}" = (select "${name}" from things where id = '${id(1)}') where id = '${id(2)}'`,
    )
    ada.damage(
      `update things set "${name}" = (select "${name}" from things where id = '${id(1)}') where id = '${id(3)}'`,
    )
    expect(await verify(world, ada)).toMatchObject({
      ok: false,
      differences: [{ table: 'things', count: 2 }],
    })
    expect(await all()).toEqual(before)
    expect(await verify(world, ada)).toEqual(FINE)
  },
)

test('[P3.3] composite keys and scopes of everybody are verified, too', async () => {
  ada.damage(`update stamps set at = '2024-02-29 23:59:59.5+00' where at <> 'infinity'`)
  ada.damage(`update stamps set note = '' where at = 'infinity'`)
  const { differences } = await verify(world, ada)
  expect(differences).toEqual([
    {
      scope: 'public:',
      table: 'stamps',
      count: 3,
      keys: expect.arrayContaining([
        { key: ['a"b', '2024-02-29 23:59:59.5+00'], problem: 'missing' },
        { key: ['a"b', '2024-02-29 23:59:59.5+00'], problem: 'extra' },
        { key: ['', 'infinity'], problem: 'different' },
      ]),
    },
  ])
  expect(await verify(world, ada)).toEqual(FINE)
})

test('[P3.3] a row that two scopes cover is told once', async () => {
  ada.damage(`delete from things where id = '${id(1)}'`)
  expect(await verify(world, ada)).toMatchObject({ differences: [{ count: 1 }] })
  expect(await verify(world, ada)).toEqual(FINE)
})
