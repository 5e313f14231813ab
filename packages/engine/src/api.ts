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

export type EngineApi = {
  /** One statement: in its own transaction, or in the open one that `transaction` names. */
  query(sql: string, params: SqlParam[], transaction?: TransactionId): Promise<QueryResult>
  batch(statements: Statement[], label: string | null): Promise<QueryResult[]>
  begin(label: string | null): Promise<TransactionId>
  commit(transaction: TransactionId): Promise<void>
  rollback(transaction: TransactionId): Promise<void>
  /** Starts a live query under an id the caller chose; the first result arrives as an event too. */
  live(id: number, sql: string, params: SqlParam[]): Promise<void>
  unlive(id: number): Promise<void>
  syncNow(): Promise<void>
  pause(): Promise<void>
  resume(): Promise<void>
  /** Resolves when the outbox is empty and a pull begun after this call has been applied. */
  settled(): Promise<void>
  /**
   * Compares every row with the server's, unsent changes left out, and repairs what differs below them. Waits while a
   * scope is loading; fails with what stops sync: paused, offline, signed out.
   */
  verify(): Promise<VerifyReport>
  conflicts(): Promise<StoredConflict[]>
  discardConflict(id: string): Promise<void>
  rejections(): Promise<StoredRejection[]>
  discardRejection(id: number): Promise<void>
  status(): Promise<EngineStatus>
  exportFile(): Promise<Uint8Array>
  close(): Promise<void>
  wipe(): Promise<void>
}
