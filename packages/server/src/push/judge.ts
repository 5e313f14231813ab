/** The verdict on a changeset that was tried alone, or is not to be tried; and what those behind it have to know of it. */
import type { ErrorData, Verdict } from '@landfall/protocol'
import type { CheckedChangeset } from './batch.ts'
import type { PushContext } from './push-context.ts'

/** `reason`: why it did not go through; null: it did. */
export function judge(
  { standing, deferrals }: PushContext,
  { source, number }: CheckedChangeset,
  reason: ErrorData | null,
): Verdict {
  if (reason === null) {
    standing.keep(source)
    return { number, outcome: 'applied', error: null }
  }
  const deferral = deferrals.failed(source, reason)
  if (deferral !== null) return { number, outcome: 'deferred', error: deferral.error }
  standing.reject(source)
  return { number, outcome: 'rejected', error: reason }
}

/** Those of the run that are to be tried; adds the verdicts of the others. */
export function deferWaiting(
  { deferrals }: PushContext,
  run: readonly CheckedChangeset[],
  verdicts: Verdict[],
): CheckedChangeset[] {
  return run.filter(({ source, number }) => {
    const deferral = deferrals.waiting(source)
    if (deferral !== null) verdicts.push({ number, outcome: 'deferred', error: deferral.error })
    return deferral === null
  })
}
