/**
 * Push: the client sends the front of its outbox, in order; the server gives each changeset its verdict.
 *
 * The server locks the client's row, skips numbers it already has verdicts for, applies the rest whole or not at
 * all, and commits verdicts, data and the client's last number together: sent once or ten times, a changeset takes
 * effect once (P2). The verdicts in the response are news for people only. What lets the client drop a changeset
 * is the acknowledged number in a *pull*, because it comes from the same snapshot as the rows it wrote (P9).
 */
import type { ChangesetNumber, ClientId, HistoryId, UserId } from './brands.ts'
import type { Changeset } from './changeset.ts'
import type { ErrorData } from './errors.ts'

export type PushRequest = {
  client: ClientId
  /** The history the client has loaded; a server that does not know it answers `history_lost` and applies nothing. */
  history: HistoryId
  /** Whose outbox it is, as the client knows from its pulls: another user's token pushes nothing (`user_changed`). */
  user?: UserId
  /** Consecutive front of the outbox, numbers rising. */
  changesets: Changeset[]
}

export type Verdict = {
  number: ChangesetNumber
  /** `repeated`: it had its verdict in an earlier push. */
  outcome: 'applied' | 'rejected' | 'repeated'
  /** Why it was rejected. */
  error: ErrorData | null
}

export type PushResponse = { verdicts: Verdict[] }
