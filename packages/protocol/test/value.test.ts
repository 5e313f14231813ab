import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decodeKey, encodeKey, rowAt, rowCount, type WireRow } from '../src/index.ts'

const keys: fc.Arbitrary<WireRow> = fc.array(fc.option(fc.string({ unit: 'binary' })), {
  minLength: 1,
  maxLength: 4,
})

test('[P13.7] a key survives as text, and two keys share a text only if they are equal', () => {
  fc.assert(
    fc.property(keys, keys, (a, b) => {
      expect(decodeKey(encodeKey(a))).toEqual(a)
      expect(encodeKey(a) === encodeKey(b)).toBe(isDeepStrictEqual(a, b))
    }),
  )
  expect(encodeKey([null])).not.toBe(encodeKey(['null']))
  expect(encodeKey(['a', 'b'])).not.toBe(encodeKey(['a,b']))
})

test('[P13.7] a row keeps its NULLs when it is cut from its block', () => {
  const block = [
    ['1', '2'],
    [null, 'x'],
  ]
  expect(rowCount(block)).toBe(2)
  expect([rowAt(block, 0), rowAt(block, 1)]).toEqual([
    ['1', null],
    ['2', 'x'],
  ])
  expect(rowCount([])).toBe(0)
})
