import fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import type { SqliteValue } from '@landfall/schema'
import { codecFor, mirrorType } from '@landfall/schema/internal'
import { ARRAY_SAMPLES, SAMPLES, typeOf } from './support/samples.ts'
import { openSqlite, type Sqlite } from './support/sqlite.ts'

let sqlite: Sqlite
beforeAll(async () => {
  sqlite = await openSqlite()
})

test('[P13.5] the SQLite under test is the pinned one', () => {
  expect(sqlite.query('select sqlite_version()', [])).toEqual([['3.54.1']])
})

describe.each([...SAMPLES, ...ARRAY_SAMPLES])('$type.sql', ({ type, values }) => {
  const codec = codecFor(type)

  test('[P13.5] a canonical value survives the mirror’s column', () => {
    sqlite.run(
      `drop table if exists mirror; create table mirror (id integer primary key, v ${mirrorType(type)}) strict`,
    )
    const store = (value: SqliteValue): SqliteValue | undefined => {
      const [row] = sqlite.query('insert into mirror (v) values (?) returning v', [value])
      return row?.[0]
    }
    const canonical = fc.array(values, { minLength: 20, size: 'max', maxLength: 50 })
    const runs = fc.property(canonical, (batch) => {
      for (const value of batch) {
        const wire = codec.toWire(value)
        const stored = codec.fromWire(wire)
        const read = store(stored)
        expect(read).toStrictEqual(stored)
        expect(codec.toWire(read ?? null)).toBe(wire)
      }
    })
    fc.assert(runs, { numRuns: 10 })
  })
})

describe('what people write in SQL', () => {
  const cases: [type: string, expression: string, wire: string][] = [
    ['double precision', '-0.0', '-0'],
    ['double precision', '1', '1'],
    ['double precision', "'NaN'", 'NaN'],
    ['double precision', '9e999', 'Infinity'],
    ['double precision', '0.1 + 0.2', '0.30000000000000004'],
    ['real', '0.1', '0.1'],
    ['real', '1.0 / 3', '0.33333334'],
    ['numeric', '1.50', '1.5'],
    ['numeric', "'1.50'", '1.50'],
    ['numeric(10,2)', '1.5', '1.50'],
    ['numeric', '1e21', '1000000000000000000000'],
    ['bigint', '9223372036854775807', '9223372036854775807'],
    ['bigint', '-9223372036854775808', '-9223372036854775808'],
    ['boolean', '1 = 1', 'true'],
    ['timestamptz', "datetime('2024-03-10 12:00:00')", '2024-03-10 12:00:00+00'],
    ['timestamptz', "strftime('%Y-%m-%dT%H:%M:%fZ', '2024-03-10 12:00:00.25')", '2024-03-10 12:00:00.25+00'],
    ['timestamptz', "'2024-03-10T23:30:00-05:00'", '2024-03-11 04:30:00+00'],
    ['timestamp', "datetime('2024-03-10')", '2024-03-10 00:00:00'],
    ['date', "date('2024-02-28', '+1 day')", '2024-02-29'],
    ['time', "time('12:30')", '12:30:00'],
    ['jsonb', "json_object('a', 1)", '{"a":1}'],
    ['bytea', "x'00ff'", '\\x00ff'],
    ['uuid', "upper('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11')", 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ]

  test.each(cases)('[P13.5] %s: %s is stored and travels as %s', (sql, expression, wire) => {
    const type = typeOf(sql)
    const codec = codecFor(type)
    sqlite.run(`drop table if exists mirror; create table mirror (v ${mirrorType(type)}) strict`)
    const [row] = sqlite.query(`insert into mirror values (${expression}) returning v`, [])
    expect(codec.toWire(row?.[0] ?? null)).toBe(wire)
  })

  test('[P13.5] a stored timestamptz sorts by time and is read by SQLite’s date functions', () => {
    const codec = codecFor(typeOf('timestamptz'))
    const stored = ['2024-01-01T23:00:00-05:00', '2024-01-01T12:00:00.5Z', '2024-01-01T12:00:00Z'].map(
      (text) => codec.fromWire(codec.toWire(text)),
    )
    const inOrder = sqlite.query('select value from json_each(?) order by value', [JSON.stringify(stored)])
    expect(inOrder.flat()).toEqual([stored[2], stored[1], stored[0]])
    expect(sqlite.query("select unixepoch(?, 'subsec')", [stored[1] ?? null])).toEqual([[1704110400.5]])
  })
})
