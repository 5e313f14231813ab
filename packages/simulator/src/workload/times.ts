/**
 * Random dates, times and intervals: year 2099, BC, infinity, microseconds, the first and last that Postgres has.
 *
 * Fractions of a second are cut to what the column keeps (`timestamp(3)`): the codecs refuse what would be rounded.
 */
import type { ColumnType } from '@landfall/protocol'
import type { SeededRandom } from '@landfall/testkit'
import { chance, pick } from './chance.ts'

type Day = { day: string; bc?: true }

const DAYS: Day[] = [
  { day: '1970-01-01' },
  { day: '2024-02-29' },
  { day: '2099-12-31' },
  { day: '9999-12-31' },
  { day: '10000-01-01' },
  { day: '0001-01-01' },
  { day: '0001-12-31', bc: true },
  { day: '0044-03-15', bc: true },
  { day: '4714-11-24', bc: true },
]
const LAST_DATE = '5874897-12-31'
const LAST_TIMESTAMP = '294276-12-31'
const INFINITE = ['infinity', '-infinity']
const CLOCKS = ['00:00:00', '12:34:56', '23:59:59', '08:00:00']
const FRACTIONS = ['', '', '.5', '.789', '.000001', '.999999', '.100000']

export function date(_: ColumnType, random: SeededRandom): string {
  if (chance(0.1, random)) return pick([...INFINITE, LAST_DATE], random)
  const { day, bc } = anyDay(random)
  return day + era(bc)
}

export function time(type: ColumnType, random: SeededRandom): string {
  if (chance(0.05, random)) return '24:00:00'
  return pick(CLOCKS, random) + fraction(type, random)
}

export function timestamp(type: ColumnType, random: SeededRandom): string {
  if (chance(0.1, random)) return pick(INFINITE, random)
  const { day, bc } = chance(0.05, random) ? { day: LAST_TIMESTAMP } : anyDay(random)
  return `${day} ${pick(CLOCKS, random)}${fraction(type, random)}${era(bc)}`
}

/** An offset stands before the era. */
export function timestamptz(type: ColumnType, random: SeededRandom): string {
  const local = timestamp(type, random)
  return /\d( BC)?$/.test(local) ? local.replace(/( BC)?$/, '+00$1') : local
}

export function interval(type: ColumnType, random: SeededRandom): string {
  const clock = pick(CLOCKS, random) + fraction(type, random)
  return pick(
    [
      '00:00:00',
      '1 mon',
      '-1 days +02:03:00',
      '178000000 years',
      '2147483647 days',
      '1 day', // not the 24 hours that follow
      '24:00:00',
      clock,
      `-${clock}`,
      `1 year 2 mons 3 days ${clock}`,
      `${random.below(100)} days`,
    ],
    random,
  )
}

function anyDay(random: SeededRandom): Day {
  if (chance(0.4, random)) return pick(DAYS, random)
  const two = (number: number): string => `${number}`.padStart(2, '0')
  return { day: `${1970 + random.below(130)}-${two(1 + random.below(12))}-${two(1 + random.below(28))}` }
}

const era = (bc: true | undefined): string => (bc ? ' BC' : '')

function fraction(type: ColumnType, random: SeededRandom): string {
  const precision = Number(/\((\d)\)/.exec(type.sql)?.[1] ?? 6)
  return precision === 0 ? '' : pick(FRACTIONS, random).slice(0, precision + 1)
}
