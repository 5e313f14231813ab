/**
 * Live queries: the engine runs a query again when a table that it reads was written, and tells only a changed result.
 *
 * Results are compared row by row, by content. A patch names unchanged rows by their former place, so that the other side
 * keeps their objects. This module does not decide when to run: the engine calls `flush` after commits.
 */
import { encodeError, LandfallError } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import type { EngineEvent, LivePatch } from '../api.ts'
import { diffRows } from './live-diff.ts'
import type { SqliteDriver, SqliteStatement } from '../ports.ts'
import type { Touched } from '../store/store.ts'

export type LiveQueries = {
  /** Starts a query under the caller's id and emits its first result; throws coded when the SQL cannot be used. */
  register(id: number, sql: string, params: readonly SqliteValue[]): void
  unregister(id: number): void
  /** Runs the queries that read one of the tables, and those that failed: storage may be well again. */
  flush(touched: Touched): void
}

type Query = {
  id: number
  statement: SqliteStatement
  params: readonly SqliteValue[]
  reads: ReadonlySet<string>
  /** null: not told yet, or the last run failed. */
  rows: SqliteValue[][] | null
  /** The error of the last run as it was told; null: it succeeded. */
  failure: string | null
}

export function createLiveQueries(driver: SqliteDriver, emit: (event: EngineEvent) => void): LiveQueries {
  const queries = new Map<number, Query>()

  function prepare(sql: string): SqliteStatement {
    const statement = driver.prepareUser(sql)
    if (statement.readonly && statement.columns.length > 0) return statement
    throw new LandfallError('sql_forbidden', { reason: 'a live query only reads', sql: sql.slice(0, 300) })
  }

  function run(query: Query): void {
    try {
      const rows = query.statement.all(query.params)
      const patch = patchFor(query, rows)
      query.rows = rows
      query.failure = null
      if (patch !== null) emit({ kind: 'live', id: query.id, patch })
    } catch (error) {
      // The next good result is told whole: nobody knows what the failed one would have been.
      query.rows = null
      const told = encodeError(error)
      const failure = JSON.stringify(told)
      if (failure !== query.failure) emit({ kind: 'liveError', id: query.id, error: told })
      query.failure = failure
    }
  }

  return {
    register(id, sql, params) {
      const statement = prepare(sql)
      const query = {
        id,
        statement,
        params,
        reads: new Set(driver.tablesRead(sql)),
        rows: null,
        failure: null,
      }
      queries.set(id, query)
      run(query)
    },
    unregister: (id) => void queries.delete(id),
    flush(touched) {
      for (const query of queries.values()) {
        if (query.failure !== null || [...query.reads].some((table) => touched.has(table))) run(query)
      }
    },
  }
}

/** null when the other side has this result already. */
function patchFor({ statement, rows: before }: Query, rows: SqliteValue[][]): LivePatch | null {
  const { columns } = statement
  if (before === null) return { columns, order: rows.map((_, index) => ~index), rows }
  const change = diffRows(before, rows)
  return change === null ? null : { columns, ...change }
}
