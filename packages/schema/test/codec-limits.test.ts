/** The edges of each type, one by one: what is just taken, and what is just refused, with the reason. */
import { expect, test } from 'vitest'
import type { SqliteValue } from '@landfall/schema'
import { codecFor, MAX_JSON_DEPTH } from '@landfall/schema/internal'
import { typeOf } from './support/samples.ts'

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

/** Puts a short text of the value into the title. */
function titled<Rest>(cases: [string, SqliteValue, Rest][]): [string, string, SqliteValue, Rest][] {
  return cases.map(([type, value, rest]) => [type, String(value).slice(0, 30), value, rest])
}

const TAKEN: [type: string, value: SqliteValue, wire: string][] = [
  ['smallint', -32768, '-32768'],
  ['integer', 2147483647, '2147483647'],
  ['bigint', 2n ** 63n - 1n, '9223372036854775807'],
  ['bigint', 5n, '5'],
  ['real', 3.4028234663852886e38, '3.4028235e+38'],
  ['double precision', 5e-324, '5e-324'],
  ['double precision', 1e23, '9.999999999999999e+22'],
  ['numeric', '00012.3400', '12.3400'],
  ['numeric', '-0.00', '0.00'],
  ['numeric', `1${'0'.repeat(131_071)}`, `1${'0'.repeat(131_071)}`],
  ['numeric(4,2)', '99.990', '99.99'],
  ['numeric(4,2)', 'nan', 'NaN'],
  ['varchar(2)', '😀😀', '😀😀'],
  ['char(3)', 'ab  ', 'ab'],
  ['text', '\ufeffbom', '\ufeffbom'],
  ['date', '4714-11-24 BC', '4714-11-24 BC'],
  ['date', '5874897-12-31', '5874897-12-31'],
  ['time', '24:00:00', '24:00:00'],
  ['time', '01:02:03.500000', '01:02:03.5'],
  ['timestamp', '294276-12-31T23:59:59.999999', '294276-12-31 23:59:59.999999'],
  ['timestamp', '2024-12-31 24:00', '2025-01-01 00:00:00'],
  ['timestamptz', '0001-01-01T00:00:00+01', '0001-12-31 23:00:00+00 BC'],
  ['interval', 'P1W', '7 days'],
  ['interval', '-1 day 04:05:06', '-1 days +04:05:06'],
  ['interval', '25 hours', '25:00:00'],
  ['interval', '13 mons', '1 year 1 mon'],
  ['json', '"\\u0000"', '"\\u0000"'],
  ['jsonb', nested(MAX_JSON_DEPTH), nested(MAX_JSON_DEPTH)],
  ['jsonb', '"\\ud83d\\ude00"', '"\\ud83d\\ude00"'],
  ['jsonb', '"\\\\u0000"', '"\\\\u0000"'],
  ['bytea', new Uint8Array(), '\\x'],
  ['text[]', '{ a , "null", NULL, "" }', '{a,"null",NULL,""}'],
  ['integer[]', '[1:2]={1,2}', '{1,2}'],
  ['boolean[]', '{true,F,1}', '{t,f,t}'],
]
test.each(titled(TAKEN))('[P13.4] %s takes %s', (type, _, value, wire) => {
  const codec = codecFor(typeOf(type))
  expect(codec.toWire(value)).toBe(wire)
  expect(codec.toWire(codec.fromWire(wire))).toBe(wire)
})

const REFUSED: [type: string, value: SqliteValue, reason: RegExp][] = [
  ['boolean', 2, /0 or 1/],
  ['smallint', 32768, /integer from -32768/],
  ['integer', 1.5, /integer/],
  ['integer', '1', /integer/],
  ['bigint', 2 ** 53, /bigint beyond/],
  ['bigint', 2n ** 63n, /64-bit/],
  ['real', 3.5e38, /too large/],
  ['real', 1e-50, /too small/],
  ['double precision', '1e400', /too large/],
  ['double precision', '1e-400', /too small/],
  ['double precision', '0x10', /number is needed/],
  ['numeric', '', /decimal/],
  ['numeric', '1e131072', /too many digits/],
  ['numeric', `0.${'1'.repeat(16_384)}`, /too many digits/],
  ['numeric(4,2)', '99.995', /only 2 decimals/],
  ['numeric(4,2)', '100', /more than 4 digits/],
  ['numeric(4,2)', 'Infinity', /no infinity/],
  ['varchar(2)', '😀😀😀', /more than 2 characters/],
  ['char(3)', 'abcd', /more than 3 characters/],
  ['text', 'a\0b', /U\+0000/],
  ['text', '\ud83d', /lone surrogate/],
  ['text', 1, /text is needed/],
  ['uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1', /UUID/],
  ['date', '2023-02-29', /not a date/],
  ['date', '1900-02-29', /not a date/],
  ['date', '0000-01-01', /not a date/],
  ['date', '2024-01-01T00:00:00Z', /not a date/],
  ['date', '4714-11-23 BC', /not a date/],
  ['date', '5874898-01-01', /not a date/],
  ['time', '24:00:01', /a time/],
  ['time', '12:60', /a time/],
  ['time', '12:00:00.1234567', /a time/],
  ['time(2)', '12:00:00.123', /a time/],
  ['timestamp', '2024-01-01T00:00:00+02:00', /not a timestamp/],
  ['timestamp(3)', '2024-01-01 00:00:00.1234', /not a timestamp/],
  ['timestamptz', '294276-12-31T23:59:59-01', /not a timestamptz/],
  ['timestamptz', '2024-01-01 00:00:00+16', /not a timestamptz/],
  ['timestamptz', 1704110400, /not a timestamptz/],
  ['interval', '', /not an interval/],
  ['interval', '2147483648 days', /not an interval/],
  ['interval', '1 day 2 days', /not an interval/],
  ['interval', '1 hour 01:00:00', /not an interval/],
  ['json', "{'a':1}", /not valid JSON/],
  ['json', 'NaN', /not valid JSON/],
  ['json', nested(MAX_JSON_DEPTH + 1), /deeper than/],
  ['jsonb', '"\\u0000"', /U\+0000/],
  ['jsonb', '"\\ud83d"', /lone surrogate/],
  ['jsonb', '"\\ud83d\\n\\ude00"', /lone surrogate/],
  ['jsonb', '"\\ude00\\ud83d"', /lone surrogate/],
  ['jsonb', '[1e131072]', /outside/],
  ['jsonb', '[1e-16384]', /outside/],
  ['bytea', 'text', /bytes/],
  ['text[]', 'a,b', /array literal/],
  ['text[]', '{a,b', /array literal/],
  ['text[]', '{a}}', /array literal/],
  ['text[]', '{{a},{b,c}}', /array literal/],
  ['text[]', '{{a},b}', /array literal/],
  ['text[]', '{a,}', /array literal/],
  ['text[]', '{{}}', /array literal/],
  ['integer[]', '[0:2]={1,2}', /array literal/],
  ['integer[]', '{1,2147483648}', /integer/],
  ['varchar(2)[]', '{abc}', /more than 2/],
]
test.each(titled(REFUSED))('[P13.1] %s refuses %s', (type, _, value, reason) => {
  const codec = codecFor(typeOf(type))
  expect(() => codec.toWire(value)).toThrow(
    expect.objectContaining({
      code: 'value_invalid',
      details: expect.objectContaining({ reason: expect.stringMatching(reason) }),
    }),
  )
})

test('[P13.1] an enum takes its labels and nothing else', () => {
  const codec = codecFor({ kind: 'enum', sql: 'mood', array: false, labels: ['sad', 'ok'] })
  expect(codec.toWire('ok')).toBe('ok')
  expect(() => codec.toWire('OK')).toThrow(/one of sad, ok/)
})

test('[P12.6] a refusal names the type and the reason, not the value', () => {
  const long = codecFor(typeOf('varchar(3)'))
  expect(() => long.toWire('x'.repeat(5000))).toThrow(
    expect.objectContaining({
      code: 'value_invalid',
      details: { type: 'varchar(3)', reason: 'more than 3 characters' },
    }),
  )
})
