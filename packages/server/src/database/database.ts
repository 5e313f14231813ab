/**
 * The port to Postgres: transactions that speak text (adapters: `adapters/postgres.ts`, `adapters/pglite.ts`).
 *
 * Every value goes in and comes out as the text Postgres reads and prints, because a driver's own types lose
 * digits (int8, numeric), microseconds (timestamptz) or keys (json). Every transaction runs with the same pinned
 * settings (`SESSION_SETTINGS`), set inside the transaction so that a transaction-pooling proxy cannot mix them up.
 * The port knows no tables and no retries; `retry.ts` repeats what may be repeated.
 */

/** A value for `$1`: as Postgres reads its text; an array for `= ANY($1)` and `unnest`. */
export type Param = string | number | boolean | null | readonly (string | null)[]

/** A row as Postgres prints it. A boolean comes as `t` or `f` unless it is cast to text in the SQL. */
export type TextRow = { [column: string]: string | null }

/** An open transaction. */
export type Tx = {
  /**
   * Runs one statement with `$1` parameters. Statements of one transaction run one after the other, in the order of the
   * calls. Throws `PostgresError`.
   */
  query(sql: string, params?: readonly Param[]): Promise<TextRow[]>
}

/** Postgres' isolation levels. */
export type Isolation = 'read committed' | 'repeatable read' | 'serializable'

/** How a transaction runs. */
export type TransactionOptions = {
  /** Its isolation level. */
  isolation: Isolation
  /** Postgres refuses writes in it. */
  readOnly: boolean
}

/** Postgres' own words about what it refused. */
export type PostgresFields = Pick<
  PostgresError,
  'sqlstate' | 'message' | 'constraint' | 'schema' | 'table' | 'column' | 'detail'
> & { routine?: string | null }

/** Postgres answered a statement with an error; the transaction is lost unless a savepoint saves it. */
export class PostgresError extends Error {
  /** Postgres' five characters, such as `23505`. */
  readonly sqlstate: string
  /** The constraint that refused, where one did. */
  readonly constraint: string | null
  /** The schema of the table it is about, where Postgres names one. */
  readonly schema: string | null
  /** The table it is about, where Postgres names one. */
  readonly table: string | null
  /** The column it is about, where Postgres names one. */
  readonly column: string | null
  /** Postgres' DETAIL; it may quote values, so keep it out of what users see. */
  readonly detail: string | null
  /** The function of Postgres' own that refused: tells a missing right from one that a trigger claims is missing. */
  readonly routine: string | null

  constructor(fields: PostgresFields, cause?: unknown) {
    super(`${fields.message} (${fields.sqlstate})`, { cause })
    this.name = 'PostgresError'
    this.sqlstate = fields.sqlstate
    this.constraint = fields.constraint
    this.schema = fields.schema
    this.table = fields.table
    this.column = fields.column
    this.detail = fields.detail
    this.routine = fields.routine ?? null
  }
}

/** A Postgres, real or embedded, as `openDatabase` gives it: transactions in which values are text. */
export type Database = {
  /** `postgres`: a server over TCP. `pglite`: one embedded in this process, with one connection. */
  readonly kind: 'postgres' | 'pglite'
  /**
   * Runs `work` in one transaction: commits when it resolves, rolls back when it rejects. Throws `PostgresError` when
   * Postgres refuses something, and `server_busy` when the connection fails or none is to be had in time; then a
   * commit may or may not have happened.
   */
  transaction<T>(options: TransactionOptions, work: (tx: Tx) => Promise<T>): Promise<T>
  /** Calls back on every NOTIFY on the channel; a hint that may get lost. Absent where there is one process only. */
  listen?(channel: string, heard: () => void): Promise<() => Promise<void>>
  /** Sends a NOTIFY on the channel. Absent where there is one process only. */
  notify?(channel: string): Promise<void>
  /** Closes all connections, once what runs on them has ended. */
  close(): Promise<void>
}

export const SESSION_SETTINGS = {
  timezone: 'UTC',
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  bytea_output: 'hex',
  extra_float_digits: '1',
  standard_conforming_strings: 'on',
  // Compiling costs more than any of our statements takes.
  jit: 'off',
} as const satisfies Record<string, string>
