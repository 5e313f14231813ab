/**
 * Random numbers of every numeric type, as SQLite stores them: half of them at an edge, most others small.
 *
 * Edges are where representations end: 2^15, 2^31, 2^53, 2^63, the largest and the smallest float, the decimals that
 * binary fractions miss, and the digits that `numeric(p,s)` just has.
 */
import type { ColumnType } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import type { SeededRandom } from '@landfall/testkit'
import { chance, pick } from './chance.ts'

const INT8_EDGES = [
  -(2n ** 63n),
  2n ** 63n - 1n,
  2n ** 53n - 1n,
  2n ** 53n,
  2n ** 53n + 1n,
  -(2n ** 53n) - 1n,
  2n ** 31n,
]
const FLOAT8_EDGES = [0, -0, 0.1, 1e15, 1e23, 1e-5, 5e-324, Number.MAX_VALUE, 2 ** 53 + 2, -2.5]
const FLOAT4_EDGES = [0, -0, 0.1, 16_777_216, 2 ** -149, 2 ** 128 - 2 ** 104, 1e-5, 1e6, -2.5]
/** What no finite number is; the codecs store NaN as text. */
const NOT_FINITE = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 'NaN']
const NUMERIC_EDGES = [
  '0',
  '0.00',
  '-0.10',
  '1.5000',
  '9007199254740993',
  '1e40',
  '1e-40',
  'NaN',
  'Infinity',
  '-Infinity',
]
const MOST_DIGITS = 200
const TYPMOD = /\(\s*(\d+)\s*(?:,\s*(-?\d+)\s*)?\)/

export const integer =
  (bits: 16 | 32) =>
  (_: ColumnType, random: SeededRandom): number => {
    const end = 2 ** (bits - 1)
    if (chance(0.5, random)) return random.below(200) - 100
    return pick([-end, end - 1, 0, -1, random.below(2 * end) - end], random)
  }

export function integer8(_: ColumnType, random: SeededRandom): number | bigint {
  if (chance(0.5, random)) return random.below(200) - 100
  const any = BigInt.asIntN(64, (BigInt(random.below(2 ** 32)) << 32n) | BigInt(random.below(2 ** 32)))
  const value = pick([...INT8_EDGES, any], random)
  return Number.isSafeInteger(Number(value)) ? Number(value) : value
}

export function float8(_: ColumnType, random: SeededRandom): SqliteValue {
  if (chance(0.3, random)) return random.below(200) - 100
  if (chance(0.4, random)) return (random.number() - 0.5) * 10 ** (random.below(60) - 30)
  return pick([...FLOAT8_EDGES, ...NOT_FINITE], random)
}

export function float4(_: ColumnType, random: SeededRandom): SqliteValue {
  if (chance(0.3, random)) return random.below(200) - 100
  if (chance(0.4, random)) return Math.fround((random.number() - 0.5) * 10 ** (random.below(40) - 20))
  return pick([...FLOAT4_EDGES, ...NOT_FINITE], random)
}

export function numeric(type: ColumnType, random: SeededRandom): string {
  const typmod = typmodOf(type)
  if (typmod === null) return chance(0.5, random) ? pick(NUMERIC_EDGES, random) : manyDigits(random)
  const { precision, scale } = typmod
  const most = '9'.repeat(precision)
  const some = digits(1 + random.below(precision), random)
  const sign = chance(0.3, random) ? '-' : ''
  return sign + shifted(pick([most, some, some, '0', '1'], random), scale)
}

/** Precision and scale of `numeric(p,s)`; null for a plain numeric. */
export function typmodOf(type: ColumnType): { precision: number; scale: number } | null {
  const [, precision, scale = '0'] = TYPMOD.exec(type.sql) ?? []
  return precision === undefined ? null : { precision: Number(precision), scale: Number(scale) }
}

/** The digits as a count of 10^-scale: `shifted('1234', 2)` is `12.34`, `shifted('12', -3)` is `12000`. */
export function shifted(number: string, scale: number): string {
  if (scale <= 0) return number + '0'.repeat(-scale)
  const padded = number.padStart(scale + 1, '0')
  return `${padded.slice(0, -scale)}.${padded.slice(-scale)}`
}

function manyDigits(random: SeededRandom): string {
  const size = pick([3, 20, MOST_DIGITS], random)
  const fraction = random.below(2) === 0 ? '' : `.${digits(1 + random.below(size), random)}`
  return `${chance(0.3, random) ? '-' : ''}${digits(1 + random.below(size), random)}${fraction}`
}

const digits = (count: number, random: SeededRandom): string =>
  Array.from({ length: count }, () => random.below(10)).join('')
