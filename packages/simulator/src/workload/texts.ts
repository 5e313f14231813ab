/**
 * Random texts: what people write, and what breaks those who quote, count, compare, normalize or trim it.
 *
 * Never U+0000 and never a lone surrogate: Postgres holds neither. The long one repeats itself, so that an index on
 * the column still takes it (Postgres compresses what it indexes, up to 2,704 bytes).
 */
import type { ColumnType } from '@landfall/protocol'
import type { SeededRandom } from '@landfall/testkit'
import { chance, pick } from './chance.ts'

export const NAUGHTY = [
  '',
  ' ',
  ' leading and trailing ',
  'NULL',
  'null',
  'undefined',
  'true',
  '0',
  '-1',
  '1e5',
  '{}',
  '[]',
  '{a,"b",NULL}',
  '%s %d %',
  '${x} $1 :name ?1 @p',
  "it's",
  "''",
  '"quoted"',
  '`tick`',
  '\\',
  '\\x41 \\n \\\\',
  "'; drop table x; --",
  '/* comment */ -- end',
  'two\nlines\r\nand\ttab',
  '\u0001\u007f control',
  '\ufeffBOM first',
  'zero\u200bwidth\u200d',
  'e\u0301 and é', // combining and composed: equal to the eye, different texts
  'раypal', // Cyrillic р and а
  'ß ẞ ı İ ﬁ',
  'العربية \u202eRTL\u202c',
  '👩‍👩‍👧‍👦 𝔘𝔫𝔦 𐍈',
  '\u{10ffff} \uffff \ue000',
  '中文　全角',
]
const WORDS = ['site', 'check', 'roof', 'pump', 'north', 'wall', 'ok', 'late', 'Ünïcode', "O'Neil"]
const LONG_BYTES = 10_000
const LONG_ODDS = 0.02

export function text(_: ColumnType, random: SeededRandom): string {
  if (chance(LONG_ODDS, random)) return pick(['long ', 'läng ', '長い', '😀'], random).repeat(LONG_BYTES / 5)
  if (chance(0.5, random)) return pick(NAUGHTY, random)
  return Array.from({ length: 1 + random.below(4) }, () => pick(WORDS, random)).join(' ')
}

/** For varchar and char: as many characters as the column has, counted by code point as Postgres counts. */
export function boundedText(type: ColumnType, random: SeededRandom): string {
  const characters = Array.from(text(type, random))
  if (type.length === undefined) return characters.join('')
  if (chance(0.1, random)) return pick(['x', 'é', '😀'], random).repeat(type.length)
  return characters.slice(0, type.length).join('')
}
