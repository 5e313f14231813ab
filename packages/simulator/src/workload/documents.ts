/**
 * Random json, bytes and array literals.
 *
 * json is written as text, because what breaks is what a parser would lose: repeated keys, digits beyond 2^53, `1.10`,
 * blanks, escapes. Array literals quote every element, which their codec then writes as Postgres does.
 */
import type { ColumnType } from '@landfall/protocol'
import type { SeededRandom } from '@landfall/testkit'
import { chance, pick } from './chance.ts'
import { NAUGHTY } from './texts.ts'

const JSON_EDGES = [
  'null',
  'true',
  '""',
  '{}',
  '[]',
  '1.10',
  '-0',
  '1e400',
  '12345678901234567890.123456789',
  '9007199254740993',
  '{"a":1,"a":2}',
  '{"b":1,"a":{"":[]}}',
  ' [ 1 , null ] ',
  '"\\ud83d\\ude00 \\u0041 \\/"',
  '[[[[[[[[]]]]]]]]',
]
const DEEPEST = 3
const BYTES = ['', '00', 'ff', '0001', 'c328', '5c78', '275c22', 'efbbbf61'].map((hex) => bytesOf(hex))
const LOWER_BOUNDS = ['', '', '', '0:', '-2:']

export function json(_: ColumnType, random: SeededRandom): string {
  return chance(0.3, random) ? pick(JSON_EDGES, random) : jsonText(random, 0)
}

export function bytes(_: ColumnType, random: SeededRandom): Uint8Array {
  if (chance(0.5, random)) return pick(BYTES, random)
  return Uint8Array.from({ length: random.below(40) }, () => random.below(256))
}

/** A literal of elements that `element` gives; flat, nested or with other bounds, now and then empty. */
export function arrayLiteral(element: () => string | null, random: SeededRandom): string {
  if (chance(0.1, random)) return '{}'
  const width = 1 + random.below(3)
  const row = (): string => `{${Array.from({ length: width }, () => quoted(element())).join(',')}}`
  if (chance(0.2, random)) return `{${Array.from({ length: 1 + random.below(2) }, row).join(',')}}`
  const low = pick(LOWER_BOUNDS, random)
  return low === '' ? row() : `[${low}${Number.parseInt(low, 10) + width - 1}]=${row()}`
}

function jsonText(random: SeededRandom, depth: number): string {
  const nested = (): string => jsonText(random, depth + 1)
  const key = (): string => JSON.stringify(pick(['a', 'b', '', 'two words', 'ключ'], random))
  const many = (item: () => string): string => Array.from({ length: random.below(4) }, item).join(',')
  switch (random.below(depth < DEEPEST ? 5 : 3)) {
    case 0:
      return JSON.stringify(pick(NAUGHTY, random))
    case 1:
      return `${random.below(1000)}`
    case 2:
      return pick(JSON_EDGES, random)
    case 3:
      return `[${many(nested)}]`
    default:
      return `{${many(() => `${key()}: ${nested()}`)}}` // keys repeat
  }
}

const quoted = (element: string | null): string =>
  element === null ? 'NULL' : `"${element.replace(/["\\]/g, '\\$&')}"`

function bytesOf(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}
