/**
 * The app's transactions: single statements, batches, and interactive ones that stay open over several calls.
 *
 * Each transaction holds the turnstile from BEGIN to its end, so no reader sees half of it and no pull lands inside. An
 * interactive transaction without a statement for `IDLE_MS` is rolled back, because all other calls wait for it. A commit
 * is acknowledged after the flush of the live queries: the caller of a write finds its results already there.
 */
import { type Clock, LandfallError } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import type { QueryResult, SqlParam, Statement, TransactionId } from '../api.ts'
import type { SqliteStatement } from '../ports.ts'
import type { Store } from '../store/store.ts'
import { inTurn, type Release, type Turnstile } from './turnstile.ts'

export const IDLE_MS = 10_000

export type Commit = ReturnType<Store['commit']>

export type TransactionsOptions = {
  store: Store
  turnstile: Turnstile
  clock: Clock
  /** Called after each commit, before it is acknowledged. */
  committed: (commit: Commit) => void
  /** Resolves when the database's files are known to be there still; rejects with `storage_lost`. */
  filesPresent: () => Promise<void>
}

type Open = { id: TransactionId; label: string | null; release: Release; stopTimer: () => void }

export class Transactions {
  readonly #options: TransactionsOptions
  #open: Open | null = null
  #timedOut: TransactionId | null = null
  #nextId = 1

  constructor(options: TransactionsOptions) {
    this.#options = options
  }

  /** One statement in the open transaction, or in one of its own. */
  async query(sql: string, params: SqlParam[], transaction?: TransactionId): Promise<QueryResult> {
    const { store, turnstile } = this.#options
    if (transaction === undefined) return inTurn(turnstile, () => this.#single(sql, params))
    this.#keepOpen(this.#opened(transaction))
    return execute(store.prepareUser(sql), params)
  }

  batch(statements: Statement[], label: string | null): Promise<QueryResult[]> {
    const { store, turnstile } = this.#options
    const all = (): QueryResult[] =>
      statements.map(([sql, params]) => execute(store.prepareUser(sql), params ?? []))
    return inTurn(turnstile, () => this.#write(label, all))
  }

  async begin(label: string | null): Promise<TransactionId> {
    const release = await this.#options.turnstile.enter()
    try {
      this.#options.store.begin()
    } catch (error) {
      release()
      throw error
    }
    const open = { id: this.#nextId++, label, release, stopTimer: () => {} }
    this.#keepOpen(open)
    this.#open = open
    return open.id
  }

  async commit(transaction: TransactionId): Promise<void> {
    const { label, release } = this.#opened(transaction)
    this.#end()
    try {
      await this.#seal(label)
    } finally {
      release()
    }
  }

  async rollback(transaction: TransactionId): Promise<void> {
    this.#opened(transaction)
    this.close()
  }

  /** Rolls back the one that is open. */
  close(): void {
    const ended = this.#end()
    if (ended === null) return
    try {
      this.#options.store.rollback()
    } finally {
      ended.release()
    }
  }

  #single(sql: string, params: SqlParam[]): QueryResult | Promise<QueryResult> {
    const statement = this.#options.store.prepareUser(sql)
    if (statement.readonly) return execute(statement, params)
    return this.#write(null, () => execute(statement, params))
  }

  /** Runs the work in a transaction; what throws leaves no trace. */
  async #write<T>(label: string | null, work: () => T): Promise<T> {
    const { store } = this.#options
    store.begin()
    let result: T
    try {
      result = work()
    } catch (error) {
      store.rollback()
      throw error
    }
    await this.#seal(label)
    return result
  }

  /** Commits. Looking up the files runs beside SQLite's flush, and is over before anything is acknowledged. */
  async #seal(label: string | null): Promise<void> {
    const present = this.#options.filesPresent()
    present.catch(() => {}) // awaited below, unless the commit itself fails first
    this.#options.committed(this.#options.store.commit(label))
    await present
  }

  #opened(id: TransactionId): Open {
    if (this.#open?.id === id) return this.#open
    throw new LandfallError(id === this.#timedOut ? 'transaction_timeout' : 'transaction_closed')
  }

  #keepOpen(open: Open): void {
    open.stopTimer()
    open.stopTimer = this.#options.clock.after(IDLE_MS, () => {
      this.#timedOut = open.id
      this.close()
    })
  }

  #end(): Open | null {
    const ended = this.#open
    this.#open = null
    ended?.stopTimer()
    return ended
  }
}

/** Binds and runs; `changes` counts the rows that a writing statement changed or returned. */
function execute(statement: SqliteStatement, params: SqlParam[]): QueryResult {
  const values = params.map(bound)
  if (statement.columns.length === 0) return { columns: [], rows: [], changes: statement.run(values) }
  const rows = statement.all(values)
  return { columns: statement.columns, rows, changes: statement.readonly ? 0 : rows.length }
}

export function bound(param: SqlParam): SqliteValue {
  return typeof param === 'boolean' ? Number(param) : param
}
