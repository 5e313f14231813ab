/**
 * Drizzle over the mirror: queries run as the engine's statements, transactions as the engine's transactions.
 *
 * Drizzle's own proxy session sends BEGIN and COMMIT as statements on the shared connection, so other callers' writes
 * land inside. Here a transaction has a session of its own, bound to one engine transaction; nested ones are
 * savepoints within it. Errors come out as the engine's coded ones, not wrapped.
 */
import type { QueryResult, SqlParam } from '@landfall/engine'
import {
  createTableRelationsHelpers,
  DrizzleQueryError,
  extractTablesRelationalConfig,
  NoopLogger,
  type Query,
  type RelationalSchemaConfig,
  type TablesRelationalConfig,
} from 'drizzle-orm'
import { NoopCache } from 'drizzle-orm/cache/core'
import { SQLiteAsyncDialect, type SQLiteExecuteMethod } from 'drizzle-orm/sqlite-core'
import {
  type AsyncRemoteCallback,
  type PreparedQueryConfig,
  RemotePreparedQuery,
  SQLiteProxyTransaction,
  SqliteRemoteDatabase,
  SQLiteRemoteSession,
} from 'drizzle-orm/sqlite-proxy'
import { rowObjects } from './row-objects.ts'

export type RunStatement = (sql: string, params: SqlParam[]) => Promise<QueryResult>

/** What Drizzle runs on: single statements, and transactions that get a runner of their own. */
export type DrizzleClient = {
  run: RunStatement
  transaction<T>(work: (run: RunStatement) => Promise<T>): Promise<T>
}

type Tables = Record<string, unknown>
type Schema = RelationalSchemaConfig<TablesRelationalConfig>
type Prepare = SQLiteRemoteSession<Tables, TablesRelationalConfig>['prepareQuery']

/** Drizzle's database over the tables of `sync.sqlite`. */
export function createDrizzle<Sqlite extends Tables>(
  client: DrizzleClient,
  tables: Sqlite,
): SqliteRemoteDatabase<Sqlite> {
  const { tables: schema, tableNamesMap } = extractTablesRelationalConfig(tables, createTableRelationsHelpers)
  const config: Schema = { fullSchema: tables, schema, tableNamesMap }
  const dialect = new SQLiteAsyncDialect()
  const session = new EngineSession({ dialect, schema: config, run: client.run, begin: client.transaction })
  // The session knows the tables by value only; their types are the caller's.
  return new SqliteRemoteDatabase(
    'async',
    dialect,
    session,
    config,
  ) as unknown as SqliteRemoteDatabase<Sqlite>
}

type SessionOptions = {
  dialect: SQLiteAsyncDialect
  schema: Schema
  run: RunStatement
  begin: DrizzleClient['transaction']
}

class EngineSession extends SQLiteRemoteSession<Tables, TablesRelationalConfig> {
  readonly #options: SessionOptions

  constructor(options: SessionOptions) {
    super(arraysFrom(options.run), options.dialect, options.schema)
    this.#options = options
  }

  /** Raw SQL without known fields gives objects, as other SQLite drivers do. */
  override prepareQuery<T extends Omit<PreparedQueryConfig, 'run'>>(
    ...args: Parameters<Prepare>
  ): RemotePreparedQuery<T> {
    const [query, fields, method, arrayMode, mapper] = args
    const run = this.#options.run
    const raw = fields === undefined && mapper === undefined
    const client = raw ? objectsFrom(run) : arraysFrom(run)
    return new EngineQuery<T>({ client, query, fields, method, arrayMode, mapper })
  }

  override transaction<T>(
    work: (tx: SQLiteProxyTransaction<Tables, TablesRelationalConfig>) => Promise<T>,
  ): Promise<T> {
    const { dialect, schema, begin } = this.#options
    return begin((run) => {
      const session = new EngineSession({ ...this.#options, run })
      return work(new SQLiteProxyTransaction('async', dialect, session, schema))
    })
  }
}

type EngineQueryOptions = {
  client: AsyncRemoteCallback
  query: Query
  fields: Parameters<Prepare>[1]
  method: SQLiteExecuteMethod
  arrayMode: boolean
  mapper: Parameters<Prepare>[4]
}

class EngineQuery<T extends PreparedQueryConfig> extends RemotePreparedQuery<T> {
  constructor({ client, query, fields, method, arrayMode, mapper }: EngineQueryOptions) {
    super(
      client,
      query,
      new NoopLogger(),
      new NoopCache(),
      undefined,
      undefined,
      fields,
      method,
      arrayMode,
      mapper,
    )
  }

  override run(values?: Record<string, unknown>): ReturnType<RemotePreparedQuery<T>['run']> {
    return unwrapped(super.run(values))
  }

  override all(values?: Record<string, unknown>): ReturnType<RemotePreparedQuery<T>['all']> {
    return unwrapped(super.all(values))
  }

  override get(values?: Record<string, unknown>): ReturnType<RemotePreparedQuery<T>['get']> {
    return unwrapped(super.get(values))
  }
}

async function unwrapped<T>(result: Promise<T>): Promise<T> {
  try {
    return await result
  } catch (error) {
    throw error instanceof DrizzleQueryError && error.cause !== undefined ? error.cause : error
  }
}

function arraysFrom(run: RunStatement): AsyncRemoteCallback {
  return async (sql, params: SqlParam[], method) => {
    const { rows } = await run(sql, params)
    return { rows: method === 'get' ? (rows[0] ?? NO_ROW) : rows }
  }
}

function objectsFrom(run: RunStatement): AsyncRemoteCallback {
  return async (sql, params: SqlParam[], method) => {
    const result = await run(sql, params)
    if (method === 'values') return { rows: result.rows }
    const rows = rowObjects(result)
    return { rows: method === 'get' ? objectOf(rows[0]) : rows }
  }
}

// Drizzle's type says a list where, for `get`, it takes one row, or undefined for none.
const NO_ROW = undefined as unknown as unknown[]
const objectOf = (row: object | undefined): unknown[] => row as unknown as unknown[]
