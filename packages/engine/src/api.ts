/**
 * What an engine offers to whoever holds it: the client across Comlink, or a Node program directly.
 *
 * Every call resolves or rejects with a coded error. Calls outside a transaction wait for the open one to end:
 * SQLite has one writer here, and a read must not see half a transaction. `EngineApi` is structured-clone friendly
 * throughout; the engine pushes status and live results as `EngineEvent`s to one listener.
 */
import type { ConflictRecord, ErrorData, ScopeKey, VerifyReport } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'

/**
 * What a `?` in SQL may be bound to: null, numbers, bigints, booleans (as 0 and 1), text and bytes. Anything else, also
 * `undefined` and `Date`, fails with `argument_invalid` before SQL runs.
 */
export type SqlParam = SqliteValue | boolean

/** A result as arrays; `rows[r][c]` belongs to `columns[c]`. */
export type QueryResult = {
  /** Names, in the order of each row's values. */
  columns: string[]
  /** Stored values, row by row. */
  rows: SqliteValue[][]
  /** Rows that a writing statement changed; 0 for one that reads. */
  changes: number
}

/** SQL text with the values of its `?`, in order. */
export type Statement = [sql: string, params?: SqlParam[]]

/** Names an open transaction of one engine: 1, 2, 3, ... */
export type TransactionId = number

/** A conflict as this device keeps it. */
export type StoredConflict = ConflictRecord & {
  /** When the server decided: milliseconds since 1970. */
  at: number
}

/** A changeset that the server refused, as this device keeps it until it is discarded. */
export type StoredRejection = {
  /** For `discard`; unique on this device. */
  id: number
  /** What the app called the transaction; null when it did not. */
  label: string | null
  /** When the transaction was committed on this device: milliseconds since 1970. */
  at: number
  /** Why: `code` is of the category `conflict` or `access` most often. */
  error: ErrorData
  /** The refused changes as data, one block per table, operation and set of columns. */
  changes: unknown
}

/** What storage really is (P12). */
export type StorageState = {
  /** `opfs`: the browser's private files. `memory`: only where the caller asked for it, gone with the process. */
  kind: 'opfs' | 'memory' | 'file'
  /** The browser has promised not to delete the files when the disk fills up. */
  persisted: boolean
}

/** What sync is doing now. Local SQL works in every phase but `opening`. */
export type Phase =
  | 'opening' // storage is being opened, or another tab leads
  | 'loading' // a scope's first load is under way
  | 'syncing' // a request is under way
  | 'synced' // in step; the stream tells of news
  | 'offline' // no answer; trying again
  | 'paused'
  | 'stopped' // an error that needs a person: see `error`

/** The state of one database: sync, storage, and what waits for a person. */
export type EngineStatus = {
  /** What sync is doing now. */
  phase: Phase
  /** Changesets that no pull has acknowledged yet. */
  outbox: number
  /** Refused changesets that nobody has discarded. */
  rejections: number
  /** Conflict records that nobody has discarded. */
  conflicts: number
  /** Changesets in the outbox that the server has put off; they are sent again by themselves. */
  deferred: number
  /** Why the first of them failed; null while there are none. */
  deferral: ErrorData | null
  /** Milliseconds since 1970; null before the first sync. */
  lastSyncedAt: number | null
  /** Where the database's file is, and whether the browser keeps it. */
  storage: StorageState
  /** This tab has the database open; false: another tab has, and this one takes over when that closes. */
  leader: boolean
  /** The scopes that the user holds. */
  scopes: HeldScope[]
  /**
   * Tables whose changes the server does not hear of, as of the last sync: somebody has switched off or replaced their
   * triggers. What is shown of them may be old until an operator runs migrateSync; then this device puts right what
   * differs by itself.
   */
  uncaptured: string[]
  /** Whose changes the outbox holds: the `userId` of the last sync; null before the first. */
  user: string | null
  /** What keeps sync from going on; null while nothing does. */
  error: ErrorData | null
}

/** A scope that the user holds, as of the last pull. */
export type HeldScope = {
  /** Name and key in one text: `project:7`. */
  scope: ScopeKey
  /** Its first load is complete: a row that is not here does not exist. */
  ready: boolean
}

/** A live result, told by what differs from the one before. */
export type LivePatch = {
  /** Names, in the order of each row's values. */
  columns: string[]
  /** For each row of the result, an index into the previous rows, or ~index into `rows` when negative. */
  order: number[]
  /** Rows that were not there before, or not the same. */
  rows: SqliteValue[][]
}

/** What an engine tells its one listener: a new status, a live query's next result, a live query's failure. */
export type EngineEvent = StatusEvent | LiveEvent | LiveErrorEvent

/** The status has changed. */
export type StatusEvent = {
  /** Tells the events apart. */
  kind: 'status'
  /** As it is now. */
  status: EngineStatus
}

/** A live query has a result, or its next one. */
export type LiveEvent = {
  /** Tells the events apart. */
  kind: 'live'
  /** The query's, as its caller chose it. */
  id: number
  /** From the result before to this one. */
  patch: LivePatch
}

/** A live query could not be run again. */
export type LiveErrorEvent = {
  /** Tells the events apart. */
  kind: 'liveError'
  /** The query's, as its caller chose it. */
  id: number
  /** Why; the result before is no longer current. */
  error: ErrorData
}

export type EngineListener = (event: EngineEvent) => void

/** SQL, and what an app sees of it. */
export type SqlApi = {
  /** One statement: in its own transaction, or in the open one that `transaction` names. */
  query(sql: string, params: SqlParam[], transaction?: TransactionId): Promise<QueryResult>
  /** All statements in one transaction; `label` names it for people. */
  batch(statements: Statement[], label: string | null): Promise<QueryResult[]>
  /** Opens a transaction; all other writes and pulls wait for its end, at most 10 s after its last statement. */
  begin(label: string | null): Promise<TransactionId>
  /** Resolves when the transaction is on disk and in the outbox. */
  commit(transaction: TransactionId): Promise<void>
  /** Undoes the whole transaction. */
  rollback(transaction: TransactionId): Promise<void>
  /** Starts a live query under an id the caller chose; the first result arrives as an event too. */
  live(id: number, sql: string, params: SqlParam[]): Promise<void>
  /** Ends the live query of this id. */
  unlive(id: number): Promise<void>
}

/** The sync loop, as an app steers it. Each call fails with what stops sync. */
export type SyncApi = {
  /**
   * Syncs at once. Resolves when a sync begun after the call is applied; rejects with what kept it from that, such as
   * `offline`, `unauthenticated` or `sync_paused`.
   */
  now(): Promise<void>
  /** Ends the request under way and sends nothing until `resume`. Local work goes on. */
  pause(): Promise<void>
  /** Goes on after `pause`, at once. */
  resume(): Promise<void>
  /**
   * Resolves when the outbox is empty, every scope is loaded, and a pull begun after this call has been applied. Waits
   * through lost networks and pauses; rejects only with what needs a person, such as `unauthenticated`.
   */
  settled(): Promise<void>
  /** A new token is there: sync asks for it and goes on at once, without waiting for the next try. */
  signedIn(): Promise<void>
}

/** Proof that the device holds the server's rows. */
export type VerifyApi = {
  /**
   * Compares every row with the server's, unsent changes left out, and repairs what differs below them. Waits while a
   * scope is loading; fails with what stops sync: paused, offline, signed out.
   */
  run(): Promise<VerifyReport>
}

/** For each column in conflict, the value that is to stand. */
export type Resolution = { [column: string]: 'mine' | 'theirs' | { value: unknown } }

/** Columns that two sides changed, neither having seen the other; the losing values are kept here. */
export type ConflictsApi = {
  /** The conflicts kept on this device, oldest first. */
  list(): Promise<StoredConflict[]>
  /** Not built yet: rejects with `not_available`. Write the row instead. */
  resolve(id: string, resolution: Resolution): Promise<void>
  /** Forgets one on this device, its losing value with it. Rejects with `not_found`. */
  discard(id: string): Promise<void>
}

/** Changesets that the server refused; their effects have left the visible rows, their content is kept here. */
export type RejectionsApi = {
  /** The changesets that the server refused, oldest first. */
  list(): Promise<StoredRejection[]>
  /** Not built yet: rejects with `not_available`. Write the rows again instead. */
  retry(id: number, edits?: unknown): Promise<void>
  /** Forgets one on this device, its content with it. Rejects with `not_found`. */
  discard(id: number): Promise<void>
}

/** Loading a scope on demand, and letting it go. */
export type ScopesApi = {
  /** Not built yet: rejects with `not_available`. Every held scope is loaded. */
  subscribe(scope: string, key: string): Promise<void>
  /** Not built yet: rejects with `not_available`. */
  unsubscribe(scope: string, key: string): Promise<void>
}

/** The database as a file. */
export type FileApi = {
  /** The file's bytes, openable by any SQLite. */
  export(): Promise<Uint8Array>
  /** Closes the database; unsent changes stay in its file. Once it is closed, this does nothing. */
  close(): Promise<void>
  /** Closes the database and deletes its files, unsent changes too. */
  wipe(): Promise<void>
}

/** The status when asked for; changes come as events. */
export type StatusApi = {
  /** As of now. */
  read(): Promise<EngineStatus>
}

/** By part, so that a new call is written in its part and nowhere else. */
export type EngineApi = {
  /** Statements, transactions and live queries. */
  sql: SqlApi
  /** The sync loop: now, pause, resume, settled, signedIn. */
  sync: SyncApi
  /** Comparing with the server's rows, and repairing. */
  verify: VerifyApi
  /** Losing values, and what waits for a decision. */
  conflicts: ConflictsApi
  /** Refused changesets. */
  rejections: RejectionsApi
  /** Scopes on demand. */
  scopes: ScopesApi
  /** Export, close and wipe. */
  file: FileApi
  /** Reading the state once. */
  status: StatusApi
}
