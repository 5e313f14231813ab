/**
 * Dates and times as Postgres counts them: proleptic Gregorian, years before 1 written with BC, microseconds.
 *
 * Years are astronomical inside (0 is 1 BC). Days are counted from 1970-01-01 with Howard Hinnant's `days_from_civil`,
 * exact for all years that Postgres has. Knows neither time zones' names nor the machine's.
 */
export type CivilDate = { year: number; month: number; day: number }

/** A point in time without zone; `micros` within the second. */
export type CivilTime = { seconds: number; micros: number }

const DATE = /^(\d{4,7})-(\d\d)-(\d\d)$/
const TIME = /^(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,20}))?)?$/
const DAYS_IN_MONTH = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
export const SECONDS_A_DAY = 86_400

/** `YYYY-MM-DD`, the era handed in apart; null when there is no such day. */
export function parseDate(text: string, bc: boolean): CivilDate | null {
  const match = DATE.exec(text)
  if (match === null) return null
  const written = Number(match[1])
  const date = { year: bc ? 1 - written : written, month: Number(match[2]), day: Number(match[3]) }
  const days = date.month === 2 && !isLeap(date.year) ? 28 : DAYS_IN_MONTH[date.month - 1]
  return written > 0 && days !== undefined && date.day > 0 && date.day <= days ? date : null
}

/**
 * `HH:MM[:SS[.ffffff]]`; null when there is no such time or it has more decimals than `precision` keeps.
 * 24:00:00 is a time too, the end of the day.
 */
export function parseTime(text: string, precision: number): CivilTime | null {
  const match = TIME.exec(text)
  if (match === null) return null
  const [, hours, minutes, secs, fraction = ''] = match
  if (/[1-9]/.test(fraction.slice(precision))) return null
  const seconds = Number(hours) * 3600 + Number(minutes) * 60 + Number(secs ?? 0)
  const micros = Number(fraction.slice(0, 6).padEnd(6, '0'))
  const within = Number(minutes) < 60 && Number(secs ?? 0) < 60
  return within && seconds * 1e6 + micros <= SECONDS_A_DAY * 1e6 ? { seconds, micros } : null
}

export function formatDate(date: CivilDate): string {
  const written = date.year > 0 ? date.year : 1 - date.year
  return `${pad(written, 4)}-${pad(date.month, 2)}-${pad(date.day, 2)}`
}

export const era = (date: CivilDate): string => (date.year > 0 ? '' : ' BC')

export function formatTime(time: CivilTime): string {
  const minutes = Math.floor(time.seconds / 60)
  const clock = `${pad(Math.floor(minutes / 60), 2)}:${pad(minutes % 60, 2)}:${pad(time.seconds % 60, 2)}`
  return clock + formatFraction(time.micros)
}

/** `.5` for 500,000 microseconds; nothing for none. */
export function formatFraction(micros: number): string {
  return micros === 0 ? '' : `.${pad(micros, 6).replace(/0+$/, '')}`
}

export function daysFromDate({ year, month, day }: CivilDate): number {
  const y = month > 2 ? year : year - 1
  const cycle = Math.floor(y / 400)
  const yearOfCycle = y - cycle * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfCycle =
    yearOfCycle * 365 + Math.floor(yearOfCycle / 4) - Math.floor(yearOfCycle / 100) + dayOfYear
  return cycle * 146_097 + dayOfCycle - 719_468
}

export function dateFromDays(days: number): CivilDate {
  const shifted = days + 719_468
  const cycle = Math.floor(shifted / 146_097)
  const d = shifted - cycle * 146_097
  const yearOfCycle = Math.floor(
    (d - Math.floor(d / 1460) + Math.floor(d / 36_524) - Math.floor(d / 146_096)) / 365,
  )
  const dayOfYear = d - (365 * yearOfCycle + Math.floor(yearOfCycle / 4) - Math.floor(yearOfCycle / 100))
  const m = Math.floor((5 * dayOfYear + 2) / 153)
  const month = m < 10 ? m + 3 : m - 9
  const year = yearOfCycle + cycle * 400 + (month <= 2 ? 1 : 0)
  return { year, month, day: dayOfYear - Math.floor((153 * m + 2) / 5) + 1 }
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

const pad = (value: number, width: number): string => `${value}`.padStart(width, '0')
