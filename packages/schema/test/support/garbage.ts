/** Texts and numbers that are nearly, or not at all, values of a type. */
import fc, { type Arbitrary } from 'fast-check'
import type { SqliteValue } from '../../src/index.ts'
import type { Sample } from './samples.ts'

/** Characters that mean something to some type. */
const MEANINGFUL = [
  ...Array.from('0123456789 +-.:,eEaATZzPBCWYMDHSnN"\'\\{}[]()=/_xu$\t\n'),
  '\0',
  '\ud800',
  'é',
  '😀',
  'infinity',
  'BC',
  'null',
  '00',
  '9999999999',
]
const character = fc.constantFrom(...MEANINGFUL)
const NUMBERS = [
  0.5,
  -0,
  2 ** 15,
  2 ** 31,
  2 ** 53,
  2 ** 63,
  -(2 ** 63),
  1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
]
const BIGINTS = [2n ** 63n, -(2n ** 63n) - 1n, 2n ** 200n, 10n ** 400n, 1n, 32768n]

export function garbageFor(sample: Sample): Arbitrary<SqliteValue> {
  return fc.oneof(
    { weight: 6, arbitrary: mutated(sample.values) },
    { weight: 2, arbitrary: fc.array(character, { maxLength: 12 }).map((parts) => parts.join('')) },
    {
      weight: 1,
      arbitrary: fc.oneof(fc.double(), fc.integer(), fc.bigInt(), fc.constantFrom(...NUMBERS, ...BIGINTS)),
    },
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 4 }) },
  )
}

/** A value's text with one to three characters removed, replaced or inserted. */
function mutated(values: Arbitrary<SqliteValue>): Arbitrary<string> {
  const edit = fc.record({ at: fc.nat(), way: fc.constantFrom('drop', 'replace', 'insert'), by: character })
  return fc.tuple(values, fc.array(edit, { minLength: 1, maxLength: 3 })).map(([value, edits]) => {
    let text = String(value)
    for (const { at, way, by } of edits) {
      const i = text.length === 0 ? 0 : at % (text.length + 1)
      text = text.slice(0, i) + (way === 'drop' ? '' : by) + text.slice(way === 'insert' ? i : i + 1)
    }
    return text
  })
}
