/** Every supported type with an arbitrary of values that fit it, in every spelling that `toWire` takes. */
import type { ColumnType } from '@landfall/protocol'
import fc, { type Arbitrary } from 'fast-check'
import type { SqliteValue } from '../../src/index.ts'
import { parseSqlType } from '../../src/column-type.ts'

export type Sample = { type: ColumnType; values: Arbitrary<SqliteValue> }

export const LABELS = [
  'open',
  'NULL',
  '',
  'two words',
  'quo"te',
  "apos'trophe",
  '{brace}',
  'comma,',
  'ünï',
  '\\',
]

const text = (unit: 'binary' | 'grapheme' = 'binary', maxLength = 40): Arbitrary<string> =>
  fc.string({ unit, maxLength }).map((s) => s.replaceAll('\0', ''))

const integer8 = fc
  .oneof(
    fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
    fc.bigInt(-(2n ** 53n) - 2n, 2n ** 53n + 2n),
    fc.bigInt(-9n, 9n),
  )
  .map((n) => (Number.isSafeInteger(Number(n)) ? Number(n) : n))

const signed = fc.constantFrom(1, -1)
const double = fc.oneof(
  fc.double(),
  fc.tuple(fc.integer({ min: -1074, max: 1023 }), signed).map(([e, s]) => s * 2 ** e),
  fc.bigInt(2n ** 53n, 10n ** 41n).map(Number),
  fc
    .tuple(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: -320, max: 300 }))
    .map(([d, e]) => Number(`${d}e${e}`)),
  fc.constantFrom(
    Number.NaN,
    -0,
    1e23,
    5e-324,
    1.7976931348623157e308,
    Infinity,
    -Infinity,
    Number(2n ** 53n + 1n),
    1e15,
  ),
)
const float = fc.oneof(
  fc.float(),
  fc.tuple(fc.integer({ min: -149, max: 127 }), signed).map(([e, s]) => s * 2 ** e),
  fc
    .tuple(fc.integer({ min: 1, max: 99999999 }), fc.integer({ min: -40, max: 30 }))
    .map(([d, e]) => Number(`${d}e${e}`)),
  fc.constantFrom(Number.NaN, -0, 16777216, 0.1, 3.4028234663852886e38, Infinity, -Infinity),
)
/** As the codecs store it: NaN as text. */
const storedFloat = (values: Arbitrary<number>): Arbitrary<SqliteValue> =>
  values.map((value) => (Number.isNaN(value) ? 'NaN' : value))

const digits = (min: number, max: number): Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...Array.from('0123456789')), minLength: min, maxLength: max })
const sign = fc.constantFrom('', '-', '+')
const decimal = (whole: number, fraction: number): Arbitrary<string> =>
  fc
    .tuple(sign, digits(1, whole), digits(0, fraction))
    .map(([s, w, f]) => `${s}${w}${f === '' ? '' : `.${f}`}`)
const exponential = fc
  .tuple(decimal(20, 20), fc.integer({ min: -300, max: 300 }))
  .map(([d, e]) => `${d}${e % 2 === 0 ? 'e' : 'E'}${e}`)

const DAY_0 = 2_440_588 // 4714-11-24 BC to 1970-01-01
const two = (n: number): string => `${n}`.padStart(2, '0')
const clock = fc
  .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }), fc.integer({ min: 0, max: 59 }))
  .map(([h, m, s]) => `${two(h)}:${two(m)}:${two(s)}`)
const fraction = (max: number): Arbitrary<string> =>
  max === 0
    ? fc.constant('')
    : fc.oneof(
        fc.constant(''),
        digits(1, max).map((d) => `.${d}`),
      )
const date = (lastYear: number): Arbitrary<string> =>
  fc.oneof(
    fc.integer({ min: -DAY_0 + 1, max: 3_000_000 }).map(dateText),
    fc.integer({ min: 0, max: 30_000 }).map(dateText),
    fc.integer({ min: 10_000, max: lastYear }).map((year) => `${year}-02-28`),
    fc.constantFrom(
      '2024-02-29',
      '0004-02-29',
      '0001-01-01',
      '0001-12-31 BC',
      '0005-02-29 BC',
      '4714-11-24 BC',
    ),
  )

/** Independent of the code under test: `Date` knows the proleptic calendar within 270,000 years. */
function dateText(days: number): string {
  const [, sign = '', year = '', rest = ''] =
    /^([+-]?)(\d+)-(\d\d-\d\d)T/.exec(new Date(days * 864e5).toISOString()) ?? []
  const n = sign === '-' ? -Number(year) : Number(year)
  return n > 0 ? `${`${n}`.padStart(4, '0')}-${rest}` : `${`${1 - n}`.padStart(4, '0')}-${rest} BC`
}

const withClock = (zone: Arbitrary<string>, decimals: number): Arbitrary<string> =>
  fc
    .tuple(date(290_000), fc.constantFrom(' ', 'T'), clock, fraction(decimals), zone)
    .map(([day, separator, time, f, z]) => {
      const [plain = '', bc] = day.split(' ')
      const late = bc !== undefined && plain.startsWith('4714') ? '12:00:00' : time
      const kept = plain.startsWith('4714') ? '' : z
      return `${plain}${separator}${late}${f}${kept}${bc === undefined ? '' : ' BC'}`
    })
const zone = fc.oneof(
  fc.constantFrom('Z', '', '+00', '+00:00', '-00:00', '+0530', '-15:59:59', '+15:59'),
  fc
    .tuple(fc.constantFrom('+', '-'), fc.integer({ min: 0, max: 14 }), fc.integer({ min: 0, max: 59 }))
    .map(([s, h, m]) => `${s}${two(h)}:${two(m)}`),
)
const infinite = fc.constantFrom('infinity', '-infinity')

const count = (max: number): Arbitrary<number> => fc.integer({ min: -max, max })
const words = fc
  .tuple(count(1e6), count(1e7), count(1e9), fc.option(fc.tuple(sign, clock, fraction(6))))
  .map(([y, m, d, t]) => {
    const parts = [`${y} years`, `${m} mons`, `${d} days`]
    return [...parts, ...(t === null ? [] : [t.join('')])].join(' ')
  })
const singleUnit = fc
  .tuple(
    count(1e6),
    fc.constantFrom('year', 'mon', 'months', 'week', 'days', 'hour', 'hours', 'minutes', 'second'),
  )
  .map(([n, unit]) => `${n} ${unit}`)
const iso = fc
  .tuple(count(1000), count(1000), count(1000), count(1000), count(1000), count(1000), fraction(6))
  .map(([y, m, d, h, min, s, f]) => `P${y}Y${m}M${d}DT${h}H${min}M${s}${f}S`)
const bigClock = fc
  .tuple(sign, fc.integer({ min: 0, max: 2_562_047_787 }))
  .map(([s, h]) => `${s}${two(h)}:00:01.5`)

const json = fc.oneof(
  fc.json({ maxDepth: 5 }),
  fc.json({ stringUnit: 'binary' }).map((s) => s.replaceAll('\\u0000', '')),
  fc.jsonValue().map((v) => JSON.stringify(v, null, 2)),
  fc.constantFrom(
    '{"a":1,"a":2}',
    '1.10',
    '1e400',
    '-0',
    '"\\ud83d\\ude00"',
    ' [ 1 , null ] ',
    '12345678901234567890.5',
  ),
)

export function typeOf(sql: string): ColumnType {
  const type = parseSqlType(sql)
  if (type === null) throw new Error(`unsupported: ${sql}`)
  return type
}

const sample = (sql: string, values: Arbitrary<SqliteValue>): Sample => ({ type: typeOf(sql), values })

export const SAMPLES: Sample[] = [
  sample('boolean', fc.constantFrom(0, 1)),
  sample('smallint', fc.integer({ min: -32768, max: 32767 })),
  sample('integer', fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })),
  sample('bigint', integer8),
  sample(
    'real',
    storedFloat(float.map(Math.fround).filter((f) => !(f === 0 && !Object.is(f, 0) && !Object.is(f, -0)))),
  ),
  sample('double precision', storedFloat(double)),
  sample(
    'numeric',
    fc.oneof(
      decimal(60, 60),
      exponential,
      fc.constantFrom('NaN', 'Infinity', '-infinity', '.5', '5.', '-0.00'),
    ),
  ),
  sample('numeric(10,2)', decimal(8, 2)),
  sample('numeric(5,0)', decimal(5, 0)),
  sample('text', text()),
  sample(
    'varchar(5)',
    text('binary', 10).map((s) => Array.from(s).slice(0, 5).join('')),
  ),
  sample('varchar', text('grapheme')),
  sample(
    'char(4)',
    text('binary', 10).map((s) => Array.from(s).slice(0, 4).join('')),
  ),
  sample(
    'uuid',
    fc.tuple(fc.uuid(), fc.constantFrom(0, 1, 2, 3)).map(([u, way]) => spellUuid(u, way)),
  ),
  {
    type: { kind: 'enum', sql: '"mood of day"', array: false, labels: LABELS },
    values: fc.constantFrom(...LABELS),
  },
  sample('date', fc.oneof(date(5_874_897), infinite)),
  sample(
    'time',
    fc.oneof(
      fc.tuple(clock, fraction(6)).map((p) => p.join('')),
      fc.constantFrom('24:00:00', '12:34'),
    ),
  ),
  sample(
    'time(2)',
    fc.tuple(clock, fraction(2)).map((parts) => parts.join('')),
  ),
  sample('timestamp', fc.oneof(withClock(fc.constantFrom('', 'Z'), 6), infinite, date(290_000))),
  sample('timestamp(3)', withClock(fc.constant(''), 3)),
  sample('timestamptz', fc.oneof(withClock(zone, 6), infinite, date(290_000))),
  sample('timestamptz(0)', withClock(zone, 0)),
  sample('interval', fc.oneof(words, singleUnit, iso, bigClock, fc.constant('00:00:00'))),
  sample('json', json),
  sample('jsonb', json),
  sample('bytea', fc.uint8Array({ maxLength: 60 })),
]

function spellUuid(uuid: string, way: number): string {
  return [uuid, uuid.toUpperCase(), `{${uuid}}`, uuid.replaceAll('-', '')][way] ?? uuid
}

/** An array column of each type, its literals spelled with all elements quoted. */
export const ARRAY_SAMPLES: Sample[] = SAMPLES.map(({ type, values }) => {
  const element = fc
    .option(values, { freq: 6 })
    .map((value) => (value === null ? 'NULL' : quoted(elementText(value))))
  const row = (size: number): Arbitrary<string> =>
    fc.array(element, { minLength: size, maxLength: size }).map((items) => `{${items.join(',')}}`)
  const flat = fc.integer({ min: 0, max: 5 }).chain(row)
  const nested = fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 3 }))
    .chain(([outer, inner]) => fc.array(row(inner), { minLength: outer, maxLength: outer }))
    .map((rows) => `{${rows.join(', ')}}`)
  const bounded = row(2).map((items) => `[0:1]=${items}`)
  return { type: { ...type, sql: `${type.sql}[]`, array: true }, values: fc.oneof(flat, nested, bounded) }
})

const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`

/** As Postgres reads an element; bytes in hex. */
function elementText(value: SqliteValue): string {
  if (!(value instanceof Uint8Array)) return Object.is(value, -0) ? '-0' : String(value)
  return `\\x${Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}
