/** What a scope says of a table, where a column of its own is not the answer: every row, or a parent's scope. */
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'

export type ScopeRule = true | SharedScope | ((columns: Record<string, PgColumn>) => unknown) | undefined

/** Every row, written by everybody: what `shared()` gives. */
export type SharedScope = {
  /** Tells it from a column. */
  readonly kind: 'shared'
}

const SHARED: SharedScope = { kind: 'shared' }

/**
 * Every row of the table belongs to the scope, and everybody who is signed in may read and write it, as far as
 * `authorize` lets them. (`true` instead: everybody reads, nobody writes.)
 *
 * ```ts
 * scopes: { everyone: { products: shared(), categories: true } }
 * ```
 */
export function shared(): SharedScope {
  return SHARED
}

export const isShared = (rule: unknown): rule is SharedScope => rule === SHARED

/** A row is where its parent is: what `through()` gives. */
export type ThroughScope = {
  /** Tells it from a column. */
  readonly kind: 'through'
  /** Of the table itself: they refer to the parent's primary key. */
  readonly columns: readonly PgColumn[]
  /** The Drizzle table, as it stands in `tables`. */
  readonly parent: PgTable
}

/**
 * The row is in the scope of its parent, and follows it: the column refers to the parent's primary key (a list of columns
 * where that has several). The parent stands in the same scope, by a column of its own or through a parent again.
 *
 * ```ts
 * scopes: { customer: { orders: o => o.customerId, orderDetails: d => through(d.orderId, orders) } }
 * ```
 */
export function through(columns: PgColumn | readonly PgColumn[], parent: PgTable): ThroughScope {
  return { kind: 'through', columns: isColumns(columns) ? columns : [columns], parent }
}

const isColumns = (columns: PgColumn | readonly PgColumn[]): columns is readonly PgColumn[] =>
  Array.isArray(columns)

export const isThrough = (rule: unknown): rule is ThroughScope =>
  typeof rule === 'object' && rule !== null && 'kind' in rule && rule.kind === 'through'
