/**
 * What an engine offers to whoever holds it: the client across Comlink, or a Node program directly.
 *
 * Every call resolves or rejects with a coded error. Calls outside a transaction wait for the open one to end:
 * SQLite has one writer here, and a read must not see half a transaction. `EngineApi` is structured-clone friendly
 * throughout; the engine pushes status and live results as `EngineEvent`s to one listener.
 */
import type { ConflictRecord, ErrorData, ScopeKey, VerifyReport } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'

export type SqlParam = SqliteValue | boolean

/** A result as arrays; `rows[r][c]` belongs to `columns[c]`. */
export type QueryResult = {
  columns: string[]
  rows: SqliteValue[][]
  changes: number
}

export type Statement = [sql: string, params?: SqlParam[]]

export type TransactionId = number

export type StoredConflict = ConflictRecord & { at: number }

export type StoredRejection = {
  id: number
  label: string | null
  at: number
  error: ErrorData
  changes: unknown
}

/** What storage really is (P12): `memory` only where the caller asked for it. */
export type StorageState = {
  kind: 'opfs' | 'memory' | 'file'
  persisted: boolean
}

export type Phase =
  | 'opening' // storage is being opened, or another tab leads
  | 'loading' // a scope's first load is under way
  | 'syncing' // a request is under way
  | 'synced' // in step; the stream tells of news
  | 'offline' // no answer; trying again
  | 'paused'
  | 'stopped' // an error that needs a person: see `error`

export type EngineStatus = {
  phase: Phase
  /** Changesets not yet acknowledged. */
  outbox: number
  rejections: number
  conflicts: number
  /** Milliseconds since 1970; null before the first sync. */
  lastSyncedAt: number | null
  storage: StorageState
  leader: boolean
  scopes: { scope: ScopeKey; ready: boolean }[]
  user: string | null
  error: ErrorData | null
}

/** A live result as a patch: `order[i]` is an index into the previous rows, or ~index into `rows` when negative. */
export type LivePatch = {
  columns: string[]
  order: number[]
  rows: SqliteValue[][]
}

export type EngineEvent =
  | { kind: 'status'; status: EngineStatus }
  | { kind: 'live'; id: number; patch: LivePatch }
  | { kind: 'liveError'; id: number; error: ErrorData }

export type EngineListener = (event: EngineEvent) => void

/** SQL, and what an app sees of it. */
export type SqlApi = {
  /** One statement: in its own transaction, or in the open one that `transaction` names. */
  query(sql: string, params: SqlParam[], transaction?: TransactionId): Promise<QueryResult>
  batch(statements: Statement[], label: string | null): Promise<QueryResult[]>
  begin(label: string | null): Promise<TransactionId>
  commit(transaction: TransactionId): Promise<void>
  rollback(transaction: TransactionId): Promise<void>
  /** Starts a live query under an id the caller chose; the first result arrives as an event too. */
  live(id: number, sql: string, params: SqlParam[]): Promise<void>
  unlive(id: number): Promise<void>
}

/** The sync loop, as an app steers it. Each call fails with what stops sync. */
export type SyncApi = {
  /** Syncs at once; resolves when a sync begun after the call is applied, rejects with what kept it from that. */
  now(): Promise<void>
  /** Ends the request under way and sends nothing until `resume`. Local work goes on. */
  pause(): Promise<void>
  resume(): Promise<void>
  /** Resolves when the outbox is empty and a pull begun after this call has been applied. */
  settled(): Promise<void>
  /** A new token is there: sync asks for it and goes on at once, without waiting for the next try. */
  signedIn(): Promise<void>
}

export type VerifyApi = {
  /**
   * Compares every row with the server's, unsent changes left out, and repairs what differs below them. Waits while a
   * scope is loading; fails with what stops sync: paused, offline, signed out.
   */
  run(): Promise<VerifyReport>
}

export type Resolution = { [column: string]: 'mine' | 'theirs' | { value: unknown } }

export type ConflictsApi = {
  /** The conflicts kept on this device, oldest first. */
  list(): Promise<StoredConflict[]>
  /** Not built yet: `not_available`. */
  resolve(id: string, resolution: Resolution): Promise<void>
  /** Forgets one on this device. */
  discard(id: string): Promise<void>
}

export type RejectionsApi = {
  /** The changesets that the server refused, oldest first. */
  list(): Promise<StoredRejection[]>
  /** Not built yet: `not_available`. */
  retry(id: number, edits?: unknown): Promise<void>
  /** Forgets one on this device. */
  discard(id: number): Promise<void>
}

export type ScopesApi = {
  /** Not built yet: `not_available`. Every held scope is loaded. */
  subscribe(scope: string, key: string): Promise<void>
  /** Not built yet: `not_available`. */
  unsubscribe(scope: string, key: string): Promise<void>
}

export type FileApi = {
  /** The database file's bytes, openable by any SQLite. */
  export(): Promise<Uint8Array>
  /** Closes the database; unsent changes stay in its file. Once it is closed, this does nothing. */
  close(): Promise<void>
  /** Closes the database and deletes its files, unsent changes too. */
  wipe(): Promise<void>
}

export type StatusApi = { read(): Promise<EngineStatus> }

/** By part, so that a new call is written in its part and nowhere else. */
export type EngineApi = {
  sql: SqlApi
  sync: SyncApi
  verify: VerifyApi
  conflicts: ConflictsApi
  rejections: RejectionsApi
  scopes: ScopesApi
  file: FileApi
  status: StatusApi
}
