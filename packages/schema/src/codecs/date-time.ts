/**
 * date, time, timestamp and timestamptz, stored as TEXT: `Date` would lose microseconds, BC and infinity.
 *
 * Stored and printed forms are Postgres' ISO texts, with one exception: a timestamptz is stored as Postgres' UTC text
 * with `:00` behind the offset, `2024-01-01 12:34:56.5+00:00`, which SQLite's date functions read, which sorts in
 * order of time, and which Postgres accepts. BC and infinity keep Postgres' text. Common spellings are accepted too:
 * `T`, `Z`, any offset (brought to UTC), no seconds, no time; a timestamptz without an offset is UTC, as are
 * SQLite's own `datetime('now')` and `CURRENT_TIMESTAMP`.
 */
import type { ColumnType } from '@landfall/protocol'
import type { Codec, SqliteValue } from '../codec.ts'
import {
  type CivilDate,
  type CivilTime,
  dateFromDays,
  daysFromDate,
  era,
  formatDate,
  formatTime,
  parseDate,
  parseTime,
  SECONDS_A_DAY,
} from './calendar.ts'
import { refuse } from './refuse.ts'

/** Postgres' own limits. */
const FIRST_DAY = daysFromDate({ year: -4713, month: 11, day: 24 })
const LAST_DATE = daysFromDate({ year: 5_874_897, month: 12, day: 31 })
const LAST_TIMESTAMP_DAY = daysFromDate({ year: 294_276, month: 12, day: 31 })
const LAST_OFFSET = 16 * 3600

const DATE_AND_ERA = /^(\d{4,7}-\d\d-\d\d)( BC)?$/
const TIMESTAMP =
  /^(\d{4,7}-\d\d-\d\d)(?:[ T](\d\d:\d\d(?::\d\d(?:\.\d+)?)?) ?(Z|[+-]\d\d(?::?\d\d(?::?\d\d)?)?)?)?( BC)?$/i
/** What is stored and needs no second look: a day that every month has, no spare zeros, microseconds. */
const PLAIN_DATE = /^[1-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])$/
const PLAIN_TIMESTAMP =
  /^[1-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8]) (?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{0,5}[1-9])?$/
const STORED_ZONE = '+00:00'
const OFFSET = /^([+-])(\d\d)(?::?(\d\d)(?::?(\d\d))?)?$/

export function dateCodec(type: ColumnType): Codec {
  return textCodec(type, (text) => {
    if (PLAIN_DATE.test(text)) return text
    const [, written, bc] = DATE_AND_ERA.exec(text) ?? []
    const date = written === undefined ? null : parseDate(written, bc !== undefined)
    if (date === null || !isWithin(daysFromDate(date), LAST_DATE)) return null
    return formatDate(date) + era(date)
  })
}

export function timeCodec(type: ColumnType): Codec {
  const precision = precisionOf(type)
  return {
    toWire(value) {
      if (value === null) return null
      const time = typeof value === 'string' ? parseTime(value, precision) : null
      return time === null ? refuse(type, 'a time such as 12:34:56.789 is needed') : formatTime(time)
    },
    fromWire: (text) => text,
  }
}

export function timestampCodec(type: ColumnType): Codec {
  const precision = precisionOf(type)
  return textCodec(type, (text) => {
    if (precision === 6 && PLAIN_TIMESTAMP.test(text)) return text
    const parsed = parseTimestamp(text, precision)
    if (parsed === null || (parsed.zone !== null && parsed.zone.toUpperCase() !== 'Z')) return null
    return formatTimestamp(daysFromDate(parsed.date), parsed.time, '')
  })
}

export function timestamptzCodec(type: ColumnType): Codec {
  const precision = precisionOf(type)
  const codec = textCodec(type, (text) => {
    if (precision === 6 && text.endsWith(STORED_ZONE) && PLAIN_TIMESTAMP.test(text.slice(0, -6)))
      return text.slice(0, -3)
    const parsed = parseTimestamp(text, precision)
    const offset = parsed === null ? null : offsetSeconds(parsed.zone)
    if (parsed === null || offset === null) return null
    const seconds = parsed.time.seconds - offset
    return formatTimestamp(daysFromDate(parsed.date), { seconds, micros: parsed.time.micros }, '+00')
  })
  return { toWire: codec.toWire, fromWire: (text) => (text?.endsWith('+00') ? `${text}:00` : text) }
}

/** A codec that keeps Postgres' text; `canonical` gives it, or null when Postgres would not take the text. */
function textCodec(type: ColumnType, canonical: (text: string) => string | null): Codec {
  return {
    toWire(value: SqliteValue) {
      if (value === null || value === 'infinity' || value === '-infinity') return value
      const text = typeof value === 'string' ? canonical(value) : null
      return text ?? refuse(type, `not a ${type.kind} that Postgres can hold exactly`)
    },
    fromWire: (text) => text,
  }
}

type Timestamp = { date: CivilDate; time: CivilTime; zone: string | null }

function parseTimestamp(text: string, precision: number): Timestamp | null {
  const [, day, clock, zone, bc] = TIMESTAMP.exec(text) ?? []
  if (day === undefined) return null
  const date = parseDate(day, bc !== undefined)
  const time = parseTime(clock ?? '00:00', precision)
  return date === null || time === null ? null : { date, time, zone: zone ?? null }
}

function offsetSeconds(zone: string | null): number | null {
  if (zone === null || zone.toUpperCase() === 'Z') return 0
  const [, sign, hours, minutes = '0', seconds = '0'] = OFFSET.exec(zone) ?? []
  if (Number(minutes) > 59 || Number(seconds) > 59) return null
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  if (!(size < LAST_OFFSET)) return null
  return sign === '-' ? -size : size
}

/** `time.seconds` may lie outside of the day, by an offset or as 24:00. */
function formatTimestamp(days: number, time: CivilTime, suffix: string): string | null {
  const carried = days + Math.floor(time.seconds / SECONDS_A_DAY)
  if (!isWithin(carried, LAST_TIMESTAMP_DAY)) return null
  const date = dateFromDays(carried)
  const seconds = time.seconds - (carried - days) * SECONDS_A_DAY
  return `${formatDate(date)} ${formatTime({ seconds, micros: time.micros })}${suffix}${era(date)}`
}

const isWithin = (days: number, last: number): boolean => days >= FIRST_DAY && days <= last

/** Decimals of the second that the column keeps: `timestamp(3)`. */
export function precisionOf(type: ColumnType): number {
  return Number(/\((\d)\)/.exec(type.sql)?.[1] ?? 6)
}

/** Milliseconds since 1970 of a stored date, timestamp or timestamptz, rounded down; NaN for infinity. */
export function millisFromText(text: string): number {
  const parsed = parseTimestamp(text, 6)
  if (parsed === null) return Number.NaN
  const seconds = daysFromDate(parsed.date) * SECONDS_A_DAY + parsed.time.seconds
  return seconds * 1000 + Math.floor(parsed.time.micros / 1000)
}

/** The wire text of a `Date`'s milliseconds, in UTC; nothing a codec would take when there is none. */
export function textFromMillis(kind: ColumnType['kind'], millis: number): string {
  const days = Math.floor(millis / (SECONDS_A_DAY * 1000))
  if (kind === 'date') return `${formatDate(dateFromDays(days))}${era(dateFromDays(days))}`
  const seconds = Math.floor(millis / 1000)
  const micros = (millis - seconds * 1000) * 1000
  const time = { seconds: seconds - days * SECONDS_A_DAY, micros }
  return formatTimestamp(days, time, kind === 'timestamptz' ? '+00' : '') ?? 'out of range'
}
