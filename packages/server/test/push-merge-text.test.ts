/** The line merge alone: what it is for, and what must hold for any three texts. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mergeText } from '../src/push/conflict/merge-text.ts'

const merge = (base: string, mine: string, theirs: string, pairs = 1e6) =>
  mergeText({ base, mine, theirs }, { pairs })

/** One character a line, `.` for an empty one: `ab.` is three lines. */
const lines = (text: string) =>
  text
    .split('')
    .map((line) => (line === '.' ? '' : line))
    .join('\n')

const CASES: [name: string, base: string, mine: string, theirs: string, merged: string | null][] = [
  ['both sides change different lines', 'abcde', 'Abcde', 'abcdE', 'AbcdE'],
  ['both sides insert in different places', 'abc', 'abXc', 'Yabc', 'YabXc'],
  ['both append different lines', 'ab', 'abX', 'abY', null],
  ['both append the same line', 'ab', 'abX', 'abX', 'abX'],
  ['one deletes what the other changes', 'abc', 'ac', 'aBc', null],
  ['both delete the same line', 'abc', 'ac', 'ac', 'ac'],
  ['neighbouring lines', 'abc', 'Abc', 'aBc', null],
  ['one deletes all, the other nothing', 'abc', '', 'abc', ''],
  ['one moves a line, the other changes another', 'abcdef', 'bcadef', 'abcdeF', 'bcadeF'],
  ['repeated lines', 'a.a.a', 'a.a.aX', 'Ya.a.a', 'Ya.a.aX'],
]

test.each(CASES)('[P7.4] %s', (...given) => {
  const [, base, mine, theirs, merged] = given
  const expected = merged === null ? null : lines(merged)
  expect(merge(lines(base), lines(mine), lines(theirs))).toBe(expected)
  expect(merge(lines(base), lines(theirs), lines(mine))).toBe(expected)
})

const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '\n'), maxLength: 30 })

test('[P7.4] a side that changed nothing leaves the other as it is, to the last character', () => {
  fc.assert(
    fc.property(text, text, (base, mine) => {
      expect(merge(base, mine, base)).toBe(mine)
      expect(merge(base, base, mine)).toBe(mine)
      expect(merge(base, mine, mine)).toBe(mine)
    }),
  )
})

test('[P7.4] who merges whom makes no difference', () => {
  fc.assert(
    fc.property(text, text, text, (base, mine, theirs) => {
      expect(merge(base, mine, theirs)).toBe(merge(base, theirs, mine))
    }),
  )
})

test('[P7.4] no new line of either side is missing from a merge', () => {
  fc.assert(
    fc.property(text, text, text, (base, mine, theirs) => {
      const merged = merge(base, mine, theirs)?.split('\n')
      const known = new Set(base.split('\n'))
      const added = [...mine.split('\n'), ...theirs.split('\n')].filter((line) => !known.has(line))
      expect(merged === undefined || added.every((line) => merged.includes(line))).toBe(true)
    }),
  )
})

test('[P10] merges of one push share an allowance, and beyond it people decide', () => {
  const long = (first: string, last: string) => `${first}\n${'x\n'.repeat(98)}${last}`
  const apart = (line: string) => Array.from({ length: 100 }, (_, i) => `${line}${i}`).join('\n')
  expect(merge(long('a', 'b'), long('A', 'b'), long('a', 'B'), 2)).toBe(long('A', 'B'))
  expect(merge(apart('a'), apart('b'), apart('a'), 9_999)).toBe(null)
  expect(merge(apart('a'), apart('b'), apart('a'), 10_000)).toBe(apart('b'))
})
