/**
 * numeric, stored as TEXT in the form that Postgres prints: any REAL or NUMERIC affinity would lose digits.
 *
 * numeric(p, s) has exactly s decimals; a value that Postgres would round or could not hold is refused. Plain numeric
 * keeps its own scale ('1.50' stays '1.50'). Exponents are accepted, because SQLite turns a bound 1e21 into '1.0e+21'.
 */
import type { ColumnType } from '@landfall/protocol'
import type { Codec } from '../codec.ts'
import { refuse } from './refuse.ts'

const MAX_WHOLE = 131_072
const MAX_SCALE = 16_383
const NUMBER = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,6}))?$/i
const TYPMOD = /\(\s*(\d+)\s*(?:,\s*(-?\d+)\s*)?\)/
/** What Postgres prints for most values of a plain numeric; such text needs no second look. */
const PLAIN = /^-?(?:0|[1-9]\d{0,999})(?:\.\d{1,999})?$/
const SPECIAL = new Map([
  ['nan', 'NaN'],
  ['infinity', 'Infinity'],
  ['-infinity', '-Infinity'],
])

type Typmod = { precision: number; scale: number }

export function numericCodec(type: ColumnType): Codec {
  const typmod = readTypmod(type)
  return {
    toWire(value) {
      if (value === null) return null
      if (typeof value === 'number' || typeof value === 'bigint') return canonical(`${value}`, typmod, type)
      if (typeof value !== 'string') return refuse(type, 'a decimal number is needed')
      return canonical(value, typmod, type)
    },
    fromWire: (text) => text,
  }
}

function readTypmod(type: ColumnType): Typmod | null {
  const match = TYPMOD.exec(type.sql)
  return match ? { precision: Number(match[1]), scale: Number(match[2] ?? 0) } : null
}

function canonical(text: string, typmod: Typmod | null, type: ColumnType): string {
  if (typmod === null && PLAIN.test(text) && text.charCodeAt(0) !== 45) return text
  const special = SPECIAL.get(text.toLowerCase())
  if (special !== undefined) {
    if (typmod !== null && special !== 'NaN') refuse(type, 'a numeric with precision holds no infinity')
    return special
  }
  const { negative, whole, fraction } = parse(text, type)
  const scaled = typmod === null ? { whole, fraction } : fit(whole, fraction, { text, type, typmod })
  if (scaled.whole.length > MAX_WHOLE || scaled.fraction.length > MAX_SCALE)
    refuse(type, 'the number has too many digits')
  const digits = (scaled.whole || '0') + (scaled.fraction === '' ? '' : `.${scaled.fraction}`)
  return negative && /[1-9]/.test(digits) ? `-${digits}` : digits
}

type Decimal = { negative: boolean; whole: string; fraction: string }

/** Sign, digits before the point without leading zeros, and digits behind it, the exponent worked in. */
function parse(text: string, type: ColumnType): Decimal {
  const [, sign, whole = '', fraction = '', power = '0'] = NUMBER.exec(text) ?? []
  const exponent = Number(power)
  if (sign === undefined || whole + fraction === '' || Math.abs(exponent) > MAX_WHOLE + MAX_SCALE)
    return refuse(type, 'a decimal number is needed')
  const digits = whole + fraction
  const point = whole.length + exponent
  return {
    negative: sign === '-',
    whole: (point <= 0 ? '' : digits.slice(0, point).padEnd(point, '0')).replace(/^0+/, ''),
    fraction: point < 0 ? '0'.repeat(-point) + digits : digits.slice(point),
  }
}

type Target = { text: string; type: ColumnType; typmod: Typmod }

/** Brings the digits to exactly the column's scale; refuses what Postgres would round or overflow. */
function fit(whole: string, fraction: string, target: Target): { whole: string; fraction: string } {
  const { precision, scale } = target.typmod
  const kept = Math.max(scale, 0)
  const rounded = fraction.slice(kept) + (scale < 0 ? whole.slice(scale) : '')
  if (/[1-9]/.test(rounded)) refuse(target.type, `only ${scale} decimals are kept`)
  const decimals = fraction.slice(0, kept).padEnd(kept, '0')
  const significant = (whole + decimals).replace(/^0+/, '').length + Math.min(scale, 0)
  if (significant > precision) refuse(target.type, `more than ${precision} digits`)
  return { whole, fraction: decimals }
}
