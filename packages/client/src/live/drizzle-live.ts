/** Live queries written in Drizzle: its SQL goes to the engine, its column mapping makes the rows. */
import type { MakeRow } from './live-query.ts'

/** A Drizzle query that reads: `db.drizzle.select()...`, `db.drizzle.query.checks.findMany(...)`. */
export type DrizzleLiveQuery<Rows extends readonly unknown[]> = PromiseLike<Rows> & {
  /** Drizzle's own: the text, and the values of its `?`. */
  toSQL(): DrizzleStatement
  /** Drizzle's own: turns stored values into the columns' types. */
  prepare(): { mapResult(response: unknown): unknown }
}

/** A query's SQL, as Drizzle writes it. */
export type DrizzleStatement = {
  /** The text, with a `?` for each parameter. */
  sql: string
  /** Encoded as the mirror stores them. */
  params: unknown[]
}

export function isDrizzleQuery(query: unknown): query is DrizzleLiveQuery<readonly unknown[]> {
  return typeof query === 'object' && query !== null && 'toSQL' in query && 'prepare' in query
}

/** Maps row by row, so that a row that stayed is not mapped again. */
export function rowMakerOf(query: DrizzleLiveQuery<readonly unknown[]>): MakeRow<unknown> {
  const prepared = query.prepare()
  return (raw) => {
    const mapped = prepared.mapResult([raw])
    return Array.isArray(mapped) ? mapped[0] : mapped
  }
}
