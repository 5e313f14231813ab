/**
 * The next turn, from the facts alone: the request that is due, or the time at which one will be.
 *
 * Pages and syncs take turns while both are due, so that a long first load holds up neither local changes nor the
 * scopes that are already complete, and a stream of local changes does not hold up the load (P8). So do the questions
 * of a verification: each is asked right after a pull, when few keys have to be left out of it, and a pull follows it.
 */
import { type At, type Facts, NEVER, type Turn } from './state.ts'

/** A local write waits this long for more of its kind, so that a burst travels in one push. */
export const COALESCE_MS = 5
/** Syncs that nobody waits for keep this distance: a busy hour makes 25 a second, not as many as the server can answer. */
export const SPACING_MS = 40
/** With a stream a poke asks for the pull; this one is for lost pokes. Without, it is the only way. */
const PULL_INTERVAL_MS = { streaming: 30_000, polling: 5_000 }

/** The request that is due now; null when none is. */
export function planTurn(facts: Facts, now: number): Turn | null {
  if (!facts.store.started) return facts.pullAt <= now ? { kind: 'sync', push: false } : null
  const push = facts.store.outbox > 0 && facts.pushAt <= now
  const verify = verifyDue(facts) <= now
  if (verify && facts.lastTurn === 'sync') return { kind: 'verify' }
  const sync = push || verify || facts.pullAt <= now
  const page = facts.store.pagesLeft && facts.pageAt <= now
  if (page && (!sync || facts.lastTurn === 'sync')) return { kind: 'page' }
  return sync ? { kind: 'sync', push } : null
}

/** When the next request, or the next try for a stream, is due. Finite whatever the facts: pulls never end. */
export function nextDue(facts: Facts): number {
  if (!facts.store.started) return facts.pullAt
  const pushAt = facts.store.outbox > 0 ? facts.pushAt : NEVER
  const pageAt = facts.store.pagesLeft ? facts.pageAt : NEVER
  const streamAt = facts.stream.kind === 'closed' && mayStream(facts) ? facts.stream.openAt : NEVER
  return Math.min(facts.pullAt, pushAt, pageAt, streamAt, verifyDue(facts))
}

const verifyDue = ({ verifying, store, verifyAt }: Facts): number =>
  verifying && store.ready ? verifyAt : NEVER

/** When to pull again if no poke comes: one to two intervals from now. */
export function nextPullAt(facts: Facts, { now, random }: At): number {
  const interval = facts.stream.kind === 'open' ? PULL_INTERVAL_MS.streaming : PULL_INTERVAL_MS.polling
  return Math.ceil(now + interval * (1 + random))
}

/** All devices hear of a mark at one moment; their verifications begin spread over so long. */
export const VERIFY_SPREAD_MS = 30_000

/** What a mark asks for: a verification, unless one is under way. */
export function afterMarks(facts: Facts, { now, random }: At): Facts {
  if (!facts.store.marked || facts.verifying) return facts
  const spread = Math.ceil(now + random * VERIFY_SPREAD_MS)
  return { ...facts, verifying: true, verifyAt: Math.max(facts.verifyAt, spread) }
}

/** The earliest time for a sync that a poke or a write asks for, after the given one. */
export const spaced = (facts: Facts, at: number): number => Math.max(at, facts.syncedAt + SPACING_MS)

/** A stream before the first answer, or after a failure, would only fail in the same way. */
export const mayStream = (facts: Facts): boolean => facts.store.started && facts.trouble === null
