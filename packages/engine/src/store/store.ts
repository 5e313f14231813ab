/**
 * The store: everything the engine keeps in SQLite, as one synchronous object.
 *
 * It knows rows, changesets, base and outbox; it does not know the network, tabs or live queries. Each method that
 * writes is one SQLite transaction and reports the tables it touched, for the live queries.
 */
import type {
  PagePosition,
  FirstLoadPage,
  ChangesetNumber,
  Changeset,
  ClientId,
  Cursor,
  PullResponse,
  Rejection,
  ScopeKey,
  UserId,
  WireColumns,
  WireRow,
} from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import type { StoredConflict, StoredRejection } from '../api.ts'
import type { SqliteStatement } from '../ports.ts'
import type { Gap } from './gaps.ts'

/** Names of user tables whose rows may have changed. */
export type Touched = ReadonlySet<string>

export type ScopeState = {
  scope: ScopeKey
  ready: boolean /** Set while pages are missing. */
  position: PagePosition | null
  loaded: boolean
}

export type SyncState = {
  client: ClientId
  cursor: Cursor | null
  acknowledged: ChangesetNumber
  user: UserId | null
  scopes: ScopeState[]
  lastSyncedAt: number | null
  gaps: Gap[]
}

export type OutboxLimits = { changesets: number; bytes: number }

export type BaseRead = {
  table: string
  scopes: readonly ScopeKey[]
  /** The rows of the scopes, or those of none of them. */
  rows: 'inside' | 'outside'
  /** The key, as stored, of the last row of the part before; null: from the start. */
  after: SqliteValue[] | null
  limit: number
}

export type BaseRow = {
  /** As stored. */
  key: SqliteValue[]
  keyTexts: WireRow
  /** All synced columns in manifest order; see `store/base-view.ts`. */
  texts: WireRow
}

export type Repair = {
  table: string
  /** Rows as the server has them. */
  rows: WireColumns
  /** Keys of rows that it does not have in this device's scopes, as stored, columns in key order. */
  gone: SqliteValue[][]
}

export type Store = {
  /** Opens a local transaction; `commit` seals its changeset. Statements run through `prepareUser`. */
  begin(): void
  prepareUser(sql: string): SqliteStatement
  /** Seals and commits. `number` is null when nothing changed. Throws a coded error, rolled back, when a value is refused. */
  commit(label: string | null): {
    number: ChangesetNumber | null
    touched: Touched
  }
  rollback(): void

  syncState(): SyncState
  /**
   * The front of the outbox within the limits, but at least one changeset when there is any. It is to be sent: what is
   * answered survives a power cut.
   */
  readOutbox(limits: OutboxLimits): Changeset[]
  outboxCount(): number
  /** Milliseconds until something of it is to be tried; 0: now. */
  outboxDueMs(): number

  /** Applies a pull whole: rows, acknowledgements, rejections, conflicts, scopes, cursor (P3.2). */
  applyPull(response: PullResponse): Touched
  /** Sets the outbox's front aside, which no push can take; nothing when it has had its verdict meanwhile. */
  refuse(rejection: Rejection): Touched
  /** Applies one page of a scope's first load and remembers where the next one starts. */
  applyPage(scope: ScopeKey, response: FirstLoadPage): Touched
  /** After `history_lost`: forgets the cursor and loads all scopes again; rows stay readable until replaced, the outbox stays. */
  loadAgain(): void

  /** The server's last known rows, without unsent changes, in key order. */
  readBase(read: BaseRead): BaseRow[]
  /** Puts right what a verification has found. */
  repair(repair: Repair): Touched
  /** A verification that began at so many marks of the table has been through it. */
  answerMarks(answered: Pick<Gap, 'table' | 'marks'>): void

  conflicts(): StoredConflict[]
  discardConflict(id: string): void
  rejections(): StoredRejection[]
  discardRejection(id: number): void
}
