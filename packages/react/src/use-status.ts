/** The database's status in a component: what is unsent, when it was last in step, what storage it has. */
import type { LandfallStatus } from '@landfall/client'
import { useCallback, useSyncExternalStore } from 'react'
import { useLandfall } from './context.tsx'

/** The status, rendered again when it changes. */
export function useStatus(): LandfallStatus {
  const db = useLandfall()
  const subscribe = useCallback((changed: () => void) => db.onStatus(changed), [db])
  return useSyncExternalStore(
    subscribe,
    () => db.status,
    () => db.status,
  )
}
