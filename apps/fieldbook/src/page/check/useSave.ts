import { useLandfall } from '@landfall/react'
import { saveCheck } from '../data/actions.ts'
import type { Check, CheckChange } from '../data/check.ts'
import { problem } from '../status/toasts.ts'

export type Save = (change: CheckChange) => Promise<void>

/** Writes a change of this check to the local database; what that refuses is shown, never swallowed. */
export function useSave(check: Pick<Check, 'id' | 'title'>): Save {
  const db = useLandfall()
  return (change) => saveCheck(db, check, change).catch((error: unknown) => problem('Not saved', error))
}
