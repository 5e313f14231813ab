/**
 * Hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014): one 64-bit integer per changeset.
 *
 * The upper 47 bits are milliseconds since 1970, the lower 16 a counter that orders events of the same
 * millisecond and carries causality over clocks that run behind; the sign stays free, because both databases
 * store it as a signed integer. A client stamps each changeset later than everything it has written or pulled.
 * 47 bits of milliseconds last until the year 6429; 65,536 stamps per millisecond are more than SQLite can commit,
 * and an overflow simply borrows the next millisecond.
 *
 * The server never trusts a stamp from the future: `clampHlc` bounds what a wrong clock can win (promise P14).
 * This module knows no clock; the time is handed in.
 */
import { hlc, type Hlc } from './brands.ts'
import { LandfallError } from './errors.ts'

const COUNTER_BITS = 16n
const MAX_MS = 2 ** 47 - 1
const MAX_STAMP = 2n ** 63n - 1n
const STAMP = /^\d{1,19}$/

/** A stamp may be at most this far ahead of the server's clock; see `clampHlc`. */
export const MAX_CLOCK_AHEAD_MS = 60_000

export function hlcFromTime(ms: number): Hlc {
  return hlc(BigInt(Math.min(MAX_MS, Math.max(0, Math.floor(ms)))) << COUNTER_BITS)
}

export function timeOfHlc(stamp: Hlc): number {
  return Number(stamp >> COUNTER_BITS)
}

/** The next stamp: later than `last`, and not earlier than the clock says. */
export function nextHlc(last: Hlc, nowMs: number): Hlc {
  const byClock = hlcFromTime(nowMs)
  return byClock > last ? byClock : hlc(last + 1n)
}

/** Cuts a stamp from a clock that runs ahead down to the server's time plus `MAX_CLOCK_AHEAD_MS`. */
export function clampHlc(stamp: Hlc, serverMs: number): Hlc {
  const limit = hlcFromTime(serverMs + MAX_CLOCK_AHEAD_MS)
  return stamp > limit ? limit : stamp
}

export const encodeHlc = (stamp: Hlc): string => stamp.toString()

/** Throws `bad_request` when the text is not a stamp that fits a signed 64-bit integer, as both databases store it. */
export function decodeHlc(text: string): Hlc {
  const value = STAMP.test(text) ? BigInt(text) : MAX_STAMP + 1n
  if (value > MAX_STAMP)
    throw new LandfallError('bad_request', { what: 'hlc', text: `${text}`.slice(0, 100) })
  return hlc(value)
}
