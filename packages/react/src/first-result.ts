/**
 * Waits for the first result of a live query, for a component that suspends.
 *
 * React forgets a component's state when it suspends before it is mounted. So this module keeps the subscription, by
 * database and query, until the component has had time to come back and subscribe itself. A component that never comes
 * back costs a subscription of a few seconds.
 */
import type { Live } from '@landfall/client'
import type { AnyLandfall } from './context.tsx'

const LINGER_MS = 5_000

const waiting = new WeakMap<AnyLandfall, Map<string, Promise<void>>>()

/** Resolves with the first result; the same promise for the same query until then. */
export function firstResultOf(db: AnyLandfall, key: string, live: Live<unknown>): Promise<void> {
  const ofDatabase = waiting.get(db) ?? new Map<string, Promise<void>>()
  waiting.set(db, ofDatabase)
  const known = ofDatabase.get(key)
  if (known !== undefined) return known
  const first = new Promise<void>((resolve) => {
    const unsubscribe = live.subscribe(() => {
      if (!ofDatabase.delete(key)) return // a later result
      resolve()
      setTimeout(unsubscribe, LINGER_MS)
    })
  })
  ofDatabase.set(key, first)
  return first
}
