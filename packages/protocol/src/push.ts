/**
 * Push: the client sends the front of its outbox, in order; the server gives each changeset its verdict.
 *
 * The server locks the client's row, skips numbers it already has verdicts for, applies the rest whole or not at
 * all, and commits verdicts, data and the client's last number together: sent once or ten times, a changeset takes
 * effect once (P2). The verdicts in the response are news for people only. What lets the client drop a changeset
 * is the acknowledged number in a *pull*, because it comes from the same snapshot as the rows it wrote (P9).
 *
 * What fails through no fault of its own is `deferred`: its number moves on, the next pull names it, and the client moves it,
 * with what depends on it, behind all others. Until the client says so (`moved`), the server defers what depends on it, too.
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
  /**
   * The acknowledged number of the last pull that the client has applied: what was deferred up to it has been moved. A
   * push of a lower one than the server has heard was sent before, and nothing of it is applied.
   */
  moved: ChangesetNumber
  /** Consecutive front of the outbox, numbers rising. */
  changesets: Changeset[]
}

export type Verdict = {
  number: ChangesetNumber
  /** `repeated`: it had its verdict in an earlier push. `deferred`: it comes again, under another number. */
  outcome: 'applied' | 'rejected' | 'deferred' | 'repeated'
  /** Why it was rejected or deferred. */
  error: ErrorData | null
}

export type PushResponse = { verdicts: Verdict[] }
