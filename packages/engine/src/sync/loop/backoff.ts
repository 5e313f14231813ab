/**
 * How long to wait before trying again: exponential with full jitter, and never less than the server asked for.
 *
 * Full jitter (a uniform draw below the exponential bound) spreads a thousand clients that lost the same server
 * evenly over the bound; a fixed share would bring them back in waves. The small floor keeps a draw near zero from
 * becoming a tight loop.
 */

export type Backoff = { baseMs: number; capMs: number }

/** No answer, or a server that cannot answer. The cap is the bound of P8: once faults end, the next try is that near. */
export const OFFLINE: Backoff = { baseMs: 500, capMs: 30_000 }
/** No valid token: each try asks the app for one. */
export const SIGNED_OUT: Backoff = { baseMs: 1_000, capMs: 60_000 }
/** Errors that need a person or a new deployment. */
export const NEEDS_PERSON: Backoff = { baseMs: 240_000, capMs: 480_000 }

const FLOOR_MS = 50
/** A `Retry-After` beyond this is taken for a mistake. */
const LONGEST_RETRY_AFTER_MS = 10 * 60_000

export type Draw = {
  /** Failures in a row, from 1. */
  attempt: number
  /** In [0, 1). */
  random: number
  retryAfterMs: number
}

export function backoffMs(backoff: Backoff, { attempt, random, retryAfterMs }: Draw): number {
  const bound = Math.min(backoff.capMs, backoff.baseMs * 2 ** Math.min(attempt - 1, 20))
  const asked = Math.min(retryAfterMs, LONGEST_RETRY_AFTER_MS)
  return Math.ceil(FLOOR_MS + asked + random * bound)
}
