/**
 * The database that an app holds: plain SQL, live queries, Drizzle and sync, over an engine wherever it runs.
 *
 * Each method is one crossing to the engine. Errors are `LandfallError`s with code and details. A call that is not built
 * yet rejects with `not_available`.
 */
import type {
  ConflictsApi,
  EngineApi,
  EngineEvent,
  EngineStatus,
  QueryResult,
  RejectionsApi,
  SqlApi,
  SqlParam,
  Statement,
  SyncApi,
} from '@landfall/engine'
import { encodeError, LandfallError, type VerifyReport } from '@landfall/protocol'
import type { SqliteRemoteDatabase } from 'drizzle-orm/sqlite-proxy'
import { checkedSql } from './arguments.ts'
import { tellDeveloper } from './console.ts'
import { createDrizzle, type RunStatement } from './drizzle.ts'
import type { EngineLink } from './link/link.ts'
import { createLive, type Live } from './live/live-query.ts'
import { type DrizzleLiveQuery, isDrizzleQuery, rowMakerOf } from './live/drizzle-live.ts'
import { LiveQueriesOfPage } from './live/registry.ts'
import { type Row, rowObject, rowObjects } from './row-objects.ts'
import { type Scopes, scopesOf } from './scopes.ts'

/**
 * An open transaction, as `db.transaction` hands it to its work. Each call rejects with `transaction_closed` once the
 * work has ended, and with `transaction_timeout` when 10 s have passed without a statement.
 */
export type Transaction = {
  /** Runs one statement; errors as of `db.run`. */
  run(sql: string, params?: SqlParam[]): Promise<RunResult>
  /** The rows of one statement as objects, with what this transaction has written so far. */
  all(sql: string, params?: SqlParam[]): Promise<Row[]>
}

/** What a statement has done. */
export type RunResult = {
  /** Rows inserted, updated or deleted; 0 for a statement that only reads. */
  changes: number
}

/** What one statement of a batch has done. */
export type BatchResult = {
  /** The rows that it gave back, as objects; empty where it gives none. */
  rows: Row[]
  /** Rows inserted, updated or deleted; 0 for a statement that only reads. */
  changes: number
}

/** How a transaction is kept. */
export type TransactionSettings = {
  /** Names it for people: it stands in the outbox, in rejections and in the server's record. None by default. */
  label?: string | null
}

/**
 * A local database that stays in step with Postgres: `openLandfall` gives it.
 *
 * SQL runs on the device, with or without a network. A write resolves when it is on disk; it is sent when there is a
 * network. Every call rejects with a `LandfallError`: beside the codes that it names itself, `database_in_use` while
 * another tab has the database open, `database_closed` once it was closed, `storage_lost` once its files were deleted,
 * and `worker_failed` when the worker has died.
 *
 * ```ts
 * const rows = await db.all('select * from checks where project_id = ?', [projectId])
 * await db.run('update checks set title = ? where id = ?', [title, id])
 * ```
 */
export class Landfall<Sqlite extends Record<string, unknown> = Record<string, unknown>> {
  /** Drizzle over the mirror's tables (`sync.sqlite`), with decoded types. */
  readonly drizzle: SqliteRemoteDatabase<Sqlite>
  /** Syncing now, pausing, waiting until everything is sent. Sync runs by itself: no app needs to call these. */
  readonly sync: Omit<SyncApi, 'signedIn'>
  /** Columns that two sides changed: the losing values, kept until they are discarded. */
  readonly conflicts: ConflictsApi
  /** Changesets that the server refused, kept until they are discarded. */
  readonly rejections: RejectionsApi
  /** Whether a scope's rows are all here. */
  readonly scopes: Scopes
  readonly #link: EngineLink
  readonly #api: EngineApi
  readonly #sql: SqlApi
  readonly #live: LiveQueriesOfPage
  readonly #statusListeners = new Set<(status: EngineStatus) => void>()
  #status: EngineStatus

  private constructor(link: EngineLink, options: { tables: Sqlite; status: EngineStatus }) {
    this.#link = link
    this.#api = link.api
    this.#sql = checkedSql(link.api.sql)
    this.#status = options.status
    this.#live = new LiveQueriesOfPage(this.#sql)
    this.sync = link.api.sync
    this.conflicts = link.api.conflicts
    this.rejections = link.api.rejections
    this.scopes = scopesOf(link.api.scopes, () => this.#status)
    this.drizzle = createDrizzle(
      {
        run: (sql, params) => this.#sql.query(sql, params),
        transaction: (work) => this.#transaction(null, work),
      },
      options.tables,
    )
    link.listen((event) => this.#heard(event))
  }

  /** Puts a database on a link; for `openLandfall`. @internal */
  static async over<Sqlite extends Record<string, unknown>>(
    link: EngineLink,
    tables: Sqlite,
  ): Promise<Landfall<Sqlite>> {
    try {
      return new Landfall(link, { tables, status: await link.api.status.read() })
    } catch (error) {
      tellDeveloper(encodeError(error))
      link.end()
      throw error
    }
  }

  /** The state of sync and storage as of the last event; a new object whenever it changes. */
  get status(): EngineStatus {
    return this.#status
  }

  /** Calls back at each change of the status, at most every 10 ms. Returns what ends that. */
  onStatus(listener: (status: EngineStatus) => void): () => void {
    const own = (status: EngineStatus): void => listener(status)
    this.#statusListeners.add(own)
    return () => void this.#statusListeners.delete(own)
  }

  /**
   * Runs one statement, in its own transaction. Resolves when it is on disk.
   *
   * Rejects with `sql_error` or `sql_forbidden` for SQL that cannot run here, with `argument_invalid`, `value_invalid`,
   * `constraint_failed`, `readonly_column` or `readonly_table` for a value that may not be written, with `too_large` for
   * more than one push takes, and with `storage_full`. What rejects has left no trace.
   */
  async run(sql: string, params: SqlParam[] = []): Promise<RunResult> {
    const { changes } = await this.#sql.query(sql, params)
    return { changes }
  }

  /**
   * The rows of one statement as objects. Column names are those in Postgres, values are the stored ones: a boolean is 0
   * or 1, a timestamp is text, an integer beyond 2^53 is a bigint. `db.drizzle` decodes them. Errors as of `run`.
   */
  async all(sql: string, params: SqlParam[] = []): Promise<Row[]> {
    return rowObjects(await this.#sql.query(sql, params))
  }

  /**
   * Runs all statements in one transaction and one crossing to the worker: a thousand inserts cost about what one costs.
   * Errors as of `run`; one that fails undoes all.
   */
  async batch(statements: Statement[], { label = null }: TransactionSettings = {}): Promise<BatchResult[]> {
    const results = await this.#sql.batch(statements, label)
    return results.map((result) => ({ rows: rowObjects(result), changes: result.changes }))
  }

  /**
   * Runs the work in one transaction: committed when it resolves, rolled back when it rejects, with the work's own error.
   * It reaches Postgres as one transaction, too. All other writes and all pulls wait until it ends, so do not wait for a
   * person or a network in it: after 10 s without a statement it is rolled back, and rejects with `transaction_timeout`.
   *
   * ```ts
   * await db.transaction(async (tx) => {
   *   await tx.run('update checks set status = ? where id = ?', ['done', id])
   *   await tx.run('insert into comments (id, check_id, body) values (?, ?, ?)', [crypto.randomUUID(), id, 'Fixed'])
   * }, { label: 'Close the check' })
   * ```
   */
  transaction<T>(
    work: (tx: Transaction) => Promise<T>,
    { label = null }: TransactionSettings = {},
  ): Promise<T> {
    return this.#transaction(label, (run) =>
      work({
        run: async (sql, params = []) => ({ changes: (await run(sql, params)).changes }),
        all: async (sql, params = []) => rowObjects(await run(sql, params)),
      }),
    )
  }

  /**
   * A query that tells again when its result changes: SQL, or a Drizzle query. Nothing runs until somebody subscribes;
   * many subscribers of the same text and parameters cost one query. A failure is told in `error` of the result.
   *
   * ```ts
   * const stop = db.live('select * from checks where project_id = ?', [projectId]).subscribe(({ rows }) => render(rows))
   * ```
   */
  live(sql: string, params?: SqlParam[]): Live<Row>
  live<Rows extends readonly unknown[]>(query: DrizzleLiveQuery<Rows>): Live<Rows[number]>
  live(query: string | DrizzleLiveQuery<readonly unknown[]>, params: SqlParam[] = []): Live<unknown> {
    if (!isDrizzleQuery(query)) return createLive(this.#live.registration(query, params), rowObject)
    const { sql, params: own } = query.toSQL()
    return createLive(this.#live.registration(sql, own as SqlParam[]), rowMakerOf(query))
  }

  /**
   * Compares every row with the server's by checksum, unsent changes left out, and repairs what differs without
   * touching them. Tells what differed, by scope and table. Waits while a scope is loading. Rejects with `sync_paused`,
   * with `offline`, and with what stops sync.
   */
  verify(): Promise<VerifyReport> {
    return this.#api.verify.run()
  }

  /** A new token is there: sync asks `getToken` for it and goes on at once, without waiting for the next try. */
  signedIn(): Promise<void> {
    return this.#api.sync.signedIn()
  }

  /** The database file's bytes, openable by any SQLite: your tables, and Landfall's own, named `landfall_*`. */
  exportFile(): Promise<Uint8Array> {
    return this.#api.file.export()
  }

  /** Closes the database and ends its worker; unsent changes stay in its file. Closing twice does nothing. */
  async close(): Promise<void> {
    await this.#finish(() => this.#api.file.close())
  }

  /** Closes the database and deletes its files, unsent changes too: for signing out on a shared device. */
  async wipe(): Promise<void> {
    await this.#finish(() => this.#api.file.wipe())
  }

  async #finish(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof LandfallError) || error.code !== 'database_closed') throw error
    }
    this.#link.end()
  }

  async #transaction<T>(label: string | null, work: (run: RunStatement) => Promise<T>): Promise<T> {
    const transaction = await this.#sql.begin(label)
    let result: T
    try {
      result = await work((sql, params): Promise<QueryResult> => this.#sql.query(sql, params, transaction))
    } catch (error) {
      await this.#sql.rollback(transaction).catch(() => {}) // it has ended already; the work's error says more
      throw error
    }
    await this.#sql.commit(transaction)
    return result
  }

  #heard(event: EngineEvent): void {
    if (event.kind === 'status') {
      this.#status = event.status
      tellDeveloper(event.status.error)
    }
    this.#live.heard(event)
    if (event.kind !== 'status') return
    const listeners = [...this.#statusListeners] // who subscribes meanwhile is not told twice
    for (const listener of listeners) listener(event.status)
  }
}
