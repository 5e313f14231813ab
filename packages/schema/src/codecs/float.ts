/**
 * float4 and float8, stored in a column of type ANY: a SQLite REAL has no NaN and its REAL columns lose -0.
 *
 * The stored form is the number itself; NaN is the text 'NaN'. A float4 is stored as the number that its shortest
 * text names (0.1, not 0.10000000149011612), so that local SQL compares it with the literals in queries. Text that spells
 * a number is accepted too, because a column of type ANY keeps text that a program binds.
 * The texts are Postgres' own (extra_float_digits = 1); `shortest-float.ts` says how they are made.
 */
import type { ColumnType } from '@landfall/protocol'
import type { Codec, SqliteValue } from '../codec.ts'
import { refuse } from './refuse.ts'
import { float4Text, float8Text } from './shortest-float.ts'

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i
const SPECIAL = new Map([
  ['nan', Number.NaN],
  ['infinity', Number.POSITIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
])
const NOT_ZERO = /^[^e]*[1-9]/i

export function floatCodec(kind: 'float4' | 'float8', type: ColumnType): Codec {
  const print = kind === 'float4' ? float4Text : float8Text
  return {
    toWire(value) {
      if (value === null) return null
      const given = numberOf(value, type)
      if (kind === 'float4' && isShortDecimal(given)) return `${given}`
      const number = kind === 'float4' ? Math.fround(given) : given
      if (!Number.isFinite(number) && Number.isFinite(given)) refuse(type, 'the number is too large')
      if (number === 0 && given !== 0) refuse(type, 'the number is too small')
      return print(number)
    },
    fromWire: (text) => (text === null || text === 'NaN' ? text : Number(text)),
  }
}

/** Up to six digits between 1e-4 and 1e6: a float4 keeps them all, and both sides write them the same. */
function isShortDecimal(number: number): boolean {
  const size = Math.abs(number)
  return size >= 1e-4 && size < 1e6 && `${size}`.length <= 7
}

function numberOf(value: SqliteValue, type: ColumnType): number {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (typeof value !== 'string') return refuse(type, 'a number is needed')
  const special = SPECIAL.get(value.toLowerCase())
  if (special !== undefined) return special
  if (!NUMBER.test(value)) refuse(type, 'a number is needed')
  const number = Number(value)
  if (!Number.isFinite(number)) refuse(type, 'the number is too large')
  if (number === 0 && NOT_ZERO.test(value)) refuse(type, 'the number is too small')
  return number
}
