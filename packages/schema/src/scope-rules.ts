/** What a scope says of a table, where a column of it is not the answer: every row, to be read, or to be written too. */

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
