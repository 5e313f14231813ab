import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  clampHlc,
  decodeHlc,
  encodeHlc,
  hlc,
  hlcFromTime,
  MAX_CLOCK_AHEAD_MS,
  nextHlc,
  timeOfHlc,
} from '../src/index.ts'

const NOW = 1_790_000_000_000
const instants = fc.integer({ min: 0, max: 4_000_000_000_000 })

test('[P14] each stamp of a client is later than the one before, whatever its clock does', () => {
  const runs = fc.property(fc.array(instants, { maxLength: 50 }), (clock) => {
    let last = hlc(0n)
    for (const ms of clock) {
      const next = nextHlc(last, ms)
      expect(next > last).toBe(true)
      expect(timeOfHlc(next) >= ms).toBe(true)
      last = next
    }
  })
  fc.assert(runs)
})

test('[P14] a stamp follows the clock while the clock runs forward', () => {
  expect(timeOfHlc(nextHlc(hlcFromTime(NOW), NOW + 5))).toBe(NOW + 5)
  expect(nextHlc(hlcFromTime(NOW), NOW)).toBe(hlcFromTime(NOW) + 1n)
})

test('[P14] stamps beyond the counter’s range borrow from the next millisecond', () => {
  const full = hlc(hlcFromTime(NOW) + 65_535n)
  expect(timeOfHlc(nextHlc(full, NOW))).toBe(NOW + 1)
})

test('[P14.1] a stamp from the future is clamped to server time plus the bound, others stay', () => {
  const year2099 = hlcFromTime(4_070_908_800_000)
  expect(timeOfHlc(clampHlc(year2099, NOW))).toBe(NOW + MAX_CLOCK_AHEAD_MS)
  for (const ahead of [-1e9, 0, MAX_CLOCK_AHEAD_MS]) {
    const stamp = hlcFromTime(NOW + ahead)
    expect(clampHlc(stamp, NOW)).toBe(stamp)
  }
})

describe('as text', () => {
  test('[P14] a stamp survives as text and as a signed 64-bit integer', () => {
    const stamps = fc.bigInt(0n, 2n ** 63n - 1n).map(hlc)
    fc.assert(
      fc.property(stamps, (stamp) => {
        expect(decodeHlc(encodeHlc(stamp))).toBe(stamp)
      }),
    )
    expect(hlcFromTime(Number.MAX_SAFE_INTEGER) < 2n ** 63n).toBe(true)
    expect(hlcFromTime(-5)).toBe(0n)
  })

  const bad = ['', 'x', '-1', '0x10', ' 1', '1.5', '9223372036854775808', '99999999999999999999']
  test.each(bad)('[P16] the text %o is no stamp', (text) => {
    expect(() => decodeHlc(text)).toThrow(/bad_request/)
  })
})
