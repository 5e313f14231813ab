/** When a deferred changeset is tried again: after a pause that doubles, up to a minute; twenty tries take a quarter of an hour. */
import type { Clock } from '@landfall/protocol'
import type { SqliteDriver } from '../ports.ts'
import { only } from './bookkeeping.ts'
import { numberOrNull } from './cells.ts'

const FIRST_MS = 1_000
const LONGEST_MS = 60_000

export const pauseMs = (tries: number): number => Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, tries - 1))

/** Whether it is not to be tried yet. A clock that was set back keeps nothing for long. */
export const isWaiting = (retryAt: number | null, now: number): boolean =>
  retryAt !== null && retryAt > now && retryAt - now <= LONGEST_MS

/** Milliseconds until something in the outbox is to be tried; 0: now. */
export function outboxDueMs(driver: SqliteDriver, clock: Clock): number {
  const first = numberOrNull(only(driver, 'SELECT min(coalesce(retry_at, 0)) FROM landfall_outbox'))
  const now = clock.now()
  return first !== null && isWaiting(first, now) ? first - now : 0
}
