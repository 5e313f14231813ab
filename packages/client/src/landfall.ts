/**
 * The database that an app holds: plain SQL, live queries, Drizzle and sync, over an engine wherever it runs.
 *
 * Each method is one crossing to the engine. Errors are `LandfallError`s with code and details. What is not built yet
 * says so: `not_available`.
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
import { encodeError, type ErrorData, LandfallError, type VerifyReport } from '@landfall/protocol'
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

export type Transaction = {
  run(sql: string, params?: SqlParam[]): Promise<RunResult>
  all(sql: string, params?: SqlParam[]): Promise<Row[]>
}

export type RunResult = { changes: number }
export type BatchResult = { rows: Row[]; changes: number }

export class Landfall<Sqlite extends Record<string, unknown> = Record<string, unknown>> {
  /** Drizzle over the mirror's tables (`sync.sqlite`), with decoded types. */
  readonly drizzle: SqliteRemoteDatabase<Sqlite>
  readonly sync: Omit<SyncApi, 'signedIn'>
  readonly conflicts: ConflictsApi
  readonly rejections: RejectionsApi
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

  /** Puts a database on a link; for `openLandfall`. */
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

  /** The state of sync and storage as of the last event. */
  get status(): EngineStatus {
    return this.#status
  }

  /** Calls back at each change of the status. */
  onStatus(listener: (status: EngineStatus) => void): () => void {
    const own = (status: EngineStatus): void => listener(status)
    this.#statusListeners.add(own)
    return () => void this.#statusListeners.delete(own)
  }

  /** Runs one statement, in its own transaction. Resolves when it is on disk. */
  async run(sql: string, params: SqlParam[] = []): Promise<RunResult> {
    const { changes } = await this.#sql.query(sql, params)
    return { changes }
  }

  /** The rows of one statement as objects. */
  async all(sql: string, params: SqlParam[] = []): Promise<Row[]> {
    return rowObjects(await this.#sql.query(sql, params))
  }

  /** All statements in one transaction and one crossing. */
  async batch(
    statements: Statement[],
    { label = null }: { label?: string | null } = {},
  ): Promise<BatchResult[]> {
    const results = await this.#sql.batch(statements, label)
    return results.map((result) => ({ rows: rowObjects(result), changes: result.changes }))
  }

  /** Statements in one transaction: committed when the work resolves, rolled back when it rejects. */
  transaction<T>(
    work: (tx: Transaction) => Promise<T>,
    { label = null }: { label?: string | null } = {},
  ): Promise<T> {
    return this.#transaction(label, (run) =>
      work({
        run: async (sql, params = []) => ({ changes: (await run(sql, params)).changes }),
        all: async (sql, params = []) => rowObjects(await run(sql, params)),
      }),
    )
  }

  /** A query that tells again when its result changes: SQL, or a Drizzle query. */
  live(sql: string, params?: SqlParam[]): Live<Row>
  live<Rows extends readonly unknown[]>(query: DrizzleLiveQuery<Rows>): Live<Rows[number]>
  live(query: string | DrizzleLiveQuery<readonly unknown[]>, params: SqlParam[] = []): Live<unknown> {
    if (!isDrizzleQuery(query)) return createLive(this.#live.registration(query, params), rowObject)
    const { sql, params: own } = query.toSQL()
    return createLive(this.#live.registration(sql, own as SqlParam[]), rowMakerOf(query))
  }

  /**
   * Compares every row with the server's by checksum, unsent changes left out, and repairs what differs without
   * touching them. Tells what differed, by scope and table. Waits while a scope is loading; fails while sync is paused
   * or the server cannot be reached.
   */
  verify(): Promise<VerifyReport> {
    return this.#api.verify.run()
  }

  /** A new token is there: sync asks `getToken` for it and goes on at once, without waiting for the next try. */
  signedIn(): Promise<void> {
    return this.#api.sync.signedIn()
  }

  /** The database file's bytes, openable by any SQLite. */
  exportFile(): Promise<Uint8Array> {
    return this.#api.file.export()
  }

  /** Closes the database; unsent changes stay in its file. */
  async close(): Promise<void> {
    await this.#finish(() => this.#api.file.close())
  }

  /** Closes the database and deletes its files, unsent changes too. */
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

export type { ErrorData }
