/**
 * Hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014): one 64-bit integer per changeset.
 *
 * The upper 48 bits are milliseconds since 1970, the lower 16 a counter that orders events of the same
 * millisecond and carries causality over clocks that run behind. A client stamps each changeset later than
 * everything it has written or pulled. 48 bits of milliseconds last until the year 10889; 65,536 stamps per
 * millisecond are more than SQLite can commit, and an overflow simply borrows the next millisecond.
 *
 * The server never trusts a stamp from the future: `clampHlc` bounds what a wrong clock can win (promise P14).
 * This module knows no clock; the time is handed in.
 */
import { hlc, type Hlc } from './brands.ts'

const COUNTER_BITS = 16n

/** A stamp may be at most this far ahead of the server's clock; see `clampHlc`. */
export const MAX_CLOCK_AHEAD_MS = 60_000

export function hlcFromTime(ms: number): Hlc {
  return hlc(BigInt(Math.max(0, Math.floor(ms))) << COUNTER_BITS)
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
export const decodeHlc = (text: string): Hlc => hlc(BigInt(text))
