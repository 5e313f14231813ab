/**
 * interval, stored as TEXT in Postgres' own form: `1 year 2 mons 3 days 04:05:06.789`.
 *
 * An interval is three numbers that do not carry into each other: months, days, microseconds. The codec takes Postgres'
 * form with its usual units (`2 weeks`, `-3 hours`, `1 mon -2 days +04:05:06`) and ISO 8601 (`P1Y2M3DT4H5M6.5S`).
 */
import type { ColumnType } from '@landfall/protocol'
import type { Codec } from '../codec.ts'
import { formatFraction } from './calendar.ts'
import { precisionOf } from './date-time.ts'
import { refuse } from './refuse.ts'

type Interval = { months: bigint; days: bigint; micros: bigint }
type Unit = keyof Interval

const UNITS: Record<string, [unit: Unit, factor: bigint]> = {
  year: ['months', 12n],
  mon: ['months', 1n],
  week: ['days', 7n],
  day: ['days', 1n],
  hour: ['micros', 3_600_000_000n],
  minute: ['micros', 60_000_000n],
  second: ['micros', 1_000_000n],
}
const ISO_UNITS = ['year', 'mon', 'week', 'day', 'hour', 'minute', 'second']
const MAX_INT4 = 2n ** 31n
const MAX_INT8 = 2n ** 63n

const WORDS = /^(?:[+-]?\d{1,10} [a-z]+ ?)*(?:[+-]?\d{2,10}:[0-5]\d:[0-5]\d(?:\.\d{1,6})?)?$/
const WORD = /([+-]?\d+) ([a-z]+)/g
const CLOCK = /([+-]?)(\d+):(\d\d):(\d\d)(?:\.(\d+))?$/
const ISO =
  /^P(?:(-?\d{1,9})Y)?(?:(-?\d{1,9})M)?(?:(-?\d{1,9})W)?(?:(-?\d{1,9})D)?(?:T(?:(-?\d{1,9})H)?(?:(-?\d{1,9})M)?(?:(-?)(\d{1,9})(?:\.(\d{1,6}))?S)?)?$/

export function intervalCodec(type: ColumnType): Codec {
  const step = 10n ** BigInt(6 - precisionOf(type))
  return {
    toWire(value) {
      if (value === null) return null
      const interval = typeof value === 'string' ? (parseWords(value) ?? parseIso(value)) : null
      if (interval === null || !isWithin(interval) || interval.micros % step !== 0n)
        return refuse(type, 'not an interval that Postgres can hold exactly')
      return formatInterval(interval)
    },
    fromWire: (text) => text,
  }
}

function parseWords(text: string): Interval | null {
  if (text === '' || text.endsWith(' ') || !WORDS.test(text)) return null
  const clock = clockMicros(text)
  const interval = { months: 0n, days: 0n, micros: clock ?? 0n }
  const seen = new Set<string>()
  for (const [, count = '0', word = ''] of text.matchAll(WORD)) {
    const name = word.replace(/s$/, '').replace('month', 'mon')
    const [unit, factor] = UNITS[name] ?? []
    if (unit === undefined || factor === undefined || seen.has(name)) return null
    if (unit === 'micros' && clock !== null) return null
    seen.add(name)
    interval[unit] += BigInt(count) * factor
  }
  return interval
}

function clockMicros(text: string): bigint | null {
  const match = CLOCK.exec(text)
  if (match === null) return null
  const [, sign, hours = '0', minutes, seconds, fraction = ''] = match
  const whole = BigInt(hours) * 3600n + BigInt(Number(minutes) * 60 + Number(seconds))
  const micros = whole * 1_000_000n + BigInt(fraction.padEnd(6, '0'))
  return sign === '-' ? -micros : micros
}

function parseIso(text: string): Interval | null {
  const match = ISO.exec(text)
  if (match === null || text.endsWith('P') || text.endsWith('T')) return null
  const interval = { months: 0n, days: 0n, micros: 0n }
  const [, years, months, weeks, days, hours, minutes, sign = '', seconds, fraction = ''] = match
  const counts = [
    years,
    months,
    weeks,
    days,
    hours,
    minutes,
    seconds === undefined ? undefined : sign + seconds,
  ]
  for (const [i, count] of counts.entries()) {
    const [unit, factor] = UNITS[ISO_UNITS[i] ?? ''] ?? []
    if (count !== undefined && unit !== undefined && factor !== undefined)
      interval[unit] += BigInt(count) * factor
  }
  interval.micros += BigInt(`${sign}${fraction.padEnd(6, '0')}`)
  return interval
}

function isWithin({ months, days, micros }: Interval): boolean {
  const fits = (value: bigint, end: bigint): boolean => value >= -end && value < end
  // Postgres reads its own smallest microsecond count back only with trouble: keep one off.
  return fits(months, MAX_INT4) && fits(days, MAX_INT4) && fits(micros, MAX_INT8) && micros !== -MAX_INT8
}

/** As Postgres' EncodeInterval does: a sign is shown where the one before it was negative. */
function formatInterval({ months, days, micros }: Interval): string {
  let text = ''
  let negative = false
  for (const [value, unit] of [
    [months / 12n, 'year'],
    [months % 12n, 'mon'],
    [days, 'day'],
  ] as const) {
    if (value === 0n) continue
    text += `${text === '' ? '' : ' '}${negative && value > 0n ? '+' : ''}${value} ${unit}${value === 1n ? '' : 's'}`
    negative = value < 0n
  }
  if (micros === 0n) return text === '' ? '00:00:00' : text
  const sign = micros < 0n ? '-' : negative ? '+' : ''
  return `${text}${text === '' ? '' : ' '}${sign}${formatClock(micros < 0n ? -micros : micros)}`
}

function formatClock(micros: bigint): string {
  const seconds = micros / 1_000_000n
  const pad = (value: bigint): string => `${value}`.padStart(2, '0')
  const clock = `${pad(seconds / 3600n)}:${pad((seconds / 60n) % 60n)}:${pad(seconds % 60n)}`
  return clock + formatFraction(Number(micros % 1_000_000n))
}
