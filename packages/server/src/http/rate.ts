/**
 * A token bucket per user and process: `burst` requests at once, `perSecond` thereafter (P10, P16).
 *
 * At most `MAX_USERS` buckets are kept; the one unused for longest goes first, and a bucket that is gone is full.
 */
import { type Clock, LandfallError } from '@landfall/protocol'

export type RateLimiter = { take(user: string): void }

type Bucket = { tokens: number; at: number }

const MAX_USERS = 50_000

export function createRateLimiter(clock: Clock, limits: { burst: number; perSecond: number }): RateLimiter {
  const buckets = new Map<string, Bucket>()

  function refill(user: string): Bucket {
    const now = clock.now()
    const known = buckets.get(user) ?? { tokens: limits.burst, at: now }
    const earned = (Math.max(0, now - known.at) / 1000) * limits.perSecond
    return { tokens: Math.min(limits.burst, known.tokens + earned), at: now }
  }

  return {
    take(user) {
      const bucket = refill(user)
      if (bucket.tokens < 1) {
        const retryAfterMs = Math.ceil(((1 - bucket.tokens) / limits.perSecond) * 1000)
        throw new LandfallError('rate_limited', { retryAfterMs })
      }
      buckets.delete(user)
      buckets.set(user, { tokens: bucket.tokens - 1, at: bucket.at })
      const [oldest] = buckets.keys()
      if (buckets.size > MAX_USERS && oldest !== undefined) buckets.delete(oldest)
    },
  }
}
