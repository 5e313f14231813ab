/** The calls that run SQL. Each waits for its turn; a failure by deleted files becomes `storage_lost`. */
import type { SqlApi } from '../api.ts'
import type { LiveQueries } from '../live/live-queries.ts'
import { bound, type Transactions } from './transactions.ts'
import { inTurn, type Turnstile } from './turnstile.ts'

export type SqlContext = {
  transactions: Transactions
  live: LiveQueries
  turnstile: Turnstile
  /** Looks the files up when the work fails by its storage. */
  onFiles: <T>(work: Promise<T>) => Promise<T>
}

export function createSqlApi({ transactions, live, turnstile, onFiles }: SqlContext): SqlApi {
  return {
    query: (sql, params, transaction) => onFiles(transactions.query(sql, params, transaction)),
    batch: (statements, label) => onFiles(transactions.batch(statements, label)),
    begin: (label) => transactions.begin(label),
    commit: (transaction) => onFiles(transactions.commit(transaction)),
    rollback: (transaction) => transactions.rollback(transaction),
    live: (id, sql, params) => inTurn(turnstile, () => live.register(id, sql, params.map(bound))),
    unlive: async (id) => live.unregister(id),
  }
}
