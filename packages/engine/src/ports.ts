/**
 * The edges of the engine: the platform comes in through these ports, so that the same engine runs in a browser worker, in Node and in the simulator. Adapters live in `adapters/`. Clock and randomness are
 * shared with the server: `@landfall/protocol`.
 */
import type { SqliteValue } from '@landfall/schema'

/** `fetch`, and nothing more of the network. Aborting rejects. @internal */
export type Network = {
  fetch(url: string, init: RequestInit): Promise<Response>
}

/** The app's token for the next request; null when nobody is signed in. */
export type TokenSource = () => Promise<string | null>

/** One open SQLite connection. Synchronous, like SQLite itself. Errors are thrown as LandfallError. */
export type SqliteDriver = {
  /** Runs one or more statements without parameters. */
  exec(sql: string): void
  /** Prepares one statement and caches it by its text. Integers beyond 2^53 come back as bigint. */
  prepare(sql: string): SqliteStatement
  /** Tables that a statement reads, as the authorizer reports them while it is prepared; views resolved. */
  tablesRead(sql: string): string[]
  /** Prepares text that comes from the app: refuses BEGIN, COMMIT, ATTACH, PRAGMA, DDL and landfall_* writes with `sql_forbidden`. */
  prepareUser(sql: string): SqliteStatement
  /** Rows changed by the last INSERT, UPDATE or DELETE itself, triggers left out. */
  changes(): number
  /** False when SQLite has rolled the open transaction back by itself (a full disk, OR ROLLBACK). */
  inTransaction(): boolean
  /** The database file's bytes, openable by any SQLite. */
  export(): Uint8Array
  close(): void
}

export type SqliteStatement = {
  readonly columns: string[]
  readonly readonly: boolean
  /** Binds and runs to the end; returns all rows as arrays. */
  all(params: readonly SqliteValue[]): SqliteValue[][]
  /** The same as columns, `result[c][r]`: half the cost where many rows are read. */
  allColumns(params: readonly SqliteValue[]): SqliteValue[][]
  /** Binds and runs to the end; returns how many rows it changed. */
  run(params: readonly SqliteValue[]): number
  /** Runs once per row of the columns, `columns[c][r]` bound to parameter c+1. The fast path of apply. */
  runColumns(columns: readonly (readonly SqliteValue[])[]): void
}

/** What the platform says about the surroundings: hints, never proof. */
export type Signal = 'online' | 'offline' | 'visible'

/** Reports signals to the listener until the answer is called. */
export type Signals = (listener: (signal: Signal) => void) => () => void

/** The files under the database: what the engine cannot learn from SQLite itself. */
export type DatabaseFiles = {
  readonly kind: 'opfs' | 'memory' | 'file'
  /** Whether the platform has promised to keep them. */
  persisted(): Promise<boolean>
  /** Whether they are still there: a browser may delete them under an open handle without any error. */
  exist(): Promise<boolean>
  /** Deletes them, after the driver was closed. */
  remove(): Promise<void>
}
