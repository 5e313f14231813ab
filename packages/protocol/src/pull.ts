/**
 * Pull: the client moves from exactly the snapshot in its cursor to exactly the snapshot in the response.
 *
 * One REPEATABLE READ transaction on the server evaluates the user's scopes, reads the log rows not visible in the
 * client's cursor, and the live rows behind their keys. The client commits the whole response in one SQLite
 * transaction, then and only then asks for more. A first pull (cursor null) carries no rows: it fixes the cursor
 * and names the held scopes, which the client then loads; see `first-load.ts`.
 */
import type { ChangesetNumber, ClientId, ScopeKey, UserId } from './brands.ts'
import type { Cursor } from './cursor.ts'
import type { ErrorData } from './errors.ts'
import type { Policy } from './policy.ts'
import type { WireColumns, WireRow, WireValue } from './value.ts'

export type PullRequest = {
  client: ClientId
  /** null: the first pull, or starting over. */
  cursor: Cursor | null
  /** The highest number the client knows acknowledged; the server may forget verdicts up to it. */
  acknowledged: ChangesetNumber
  /** The scopes the client has or is loading; the response says what to gain and lose. Empty with cursor null. */
  scopes: ScopeKey[]
}

export type PullResponse = {
  cursor: Cursor
  /** The last changeset of this client with a verdict in this snapshot. */
  acknowledged: ChangesetNumber
  /** Whom the server took the token for. */
  user: UserId
  /** The server's clock, `encodeHlc`; the client's own never falls behind it. */
  hlc: string
  /** Scopes held now and absent from the request: each starts its first load. */
  gained: ScopeKey[]
  /** Scopes in the request and not held now: drop their rows. */
  lost: ScopeKey[]
  tables: TablePatch[]
  /** Changesets rejected since the acknowledged number of the request. */
  rejections: Rejection[]
  /** Changesets deferred since then; left out where there are none. */
  deferrals?: Deferral[]
  /** Conflicts recorded since the cursor in held scopes. */
  conflicts: ConflictRecord[]
  /** Tables marked since the cursor: changes may have gone unlogged, so the client verifies them. */
  marked: string[]
  /** Tables whose changes are not all logged now, until the next migrateSync: what the client has of them may be old. */
  uncaptured: string[]
}

export type TablePatch = {
  table: string
  /** The table was truncated: drop all its rows before the ones below. */
  truncated: boolean
  /** Rows to insert or replace, all synced columns in manifest order. */
  rows: WireColumns
  /** Keys of rows deleted, or gone from the held scopes; columns in key order. */
  removed: WireColumns
}

export type Rejection = { number: ChangesetNumber; error: ErrorData }

/** A changeset that failed through no fault of its own, or has to wait for one: the client sends it again. */
export type Deferral = {
  number: ChangesetNumber
  error: ErrorData
  /** How often it has failed now; after a stated number of times it is rejected. */
  tries: number
}

/** One value that lost (P7), or that waits for a decision. */
export type ConflictRecord = {
  /** Given by the server, the same on every device. */
  id: string
  /** Its name in Postgres. */
  table: string
  /** The primary key's texts, in key order. */
  key: WireRow
  /** null: the whole row (deleted on one side, changed on the other). */
  column: string | null
  /** The rule that decided it; a whole row's is not a policy's to decide, and says `last-write`. */
  policy: Policy
  /** Seen from the client that pushed: whose value Postgres holds now. */
  kept: 'mine' | 'theirs' | 'merged'
  /** `not_taken`: nobody else's edit, but the database itself kept what it had: a trigger or a policy of its rows. */
  reason?: 'not_taken' | null
  /** The value that the pushing client had seen, as Postgres prints it; a whole row's is a JSON object by column. */
  base: WireValue
  /** The value that the pushing client wrote. */
  mine: WireValue
  /** The value that Postgres had meanwhile. */
  theirs: WireValue
  /** The client whose push met the conflict. */
  client: ClientId
  /** The changeset of that client. */
  number: ChangesetNumber
  /** The user who pushed it. */
  user: UserId
  /** When the server decided, `encodeHlc`. */
  hlc: string
}
