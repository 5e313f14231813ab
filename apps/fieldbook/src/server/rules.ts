/**
 * Who may write what, beyond holding the project: Fieldbook's own rules, judged by the server on every push.
 *
 * A refused changeset comes back to the device as a rejection with the reason given here.
 */
import type { AuthorizeChange } from '@landfall/server'

/** True, or the reason why not. */
export type Verdict = true | string

/** A critical check needs a second pair of eyes. */
export function authorizeCheck({ userId, before, after }: AuthorizeChange): Verdict {
  if (after === null || after.status !== 'passed' || after.severity !== 'critical') return true
  const alreadyPassed = before?.status === 'passed' && before.severity === 'critical'
  if (alreadyPassed || after.assignee_id !== userId) return true
  return 'A critical check is signed off by somebody else than its assignee.'
}

export function authorizeComment({ userId, before, after }: AuthorizeChange): Verdict {
  const author = (before ?? after)?.author_id
  if (author === userId && (after === null || after.author_id === userId)) return true
  return 'Comments are written and changed by their author only.'
}

export const officeOnly = (): Verdict => 'Projects and their members are managed in the office.'
