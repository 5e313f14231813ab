/**
 * The port over postgres.js: a pool of guarded connections (`connection.ts` says against what), one transaction each.
 *
 * A killed backend or a restarted Postgres fails the transactions under way with `server_busy` and nothing else; a
 * transaction whose BEGIN found a dead connection begins again on a fresh one, since nothing has happened yet.
 */
import { type Clock, LandfallError } from '@landfall/protocol'
import { type Database, PostgresError, type TransactionOptions, type Tx } from '../database.ts'
import { type Connection, openConnection } from './connection.ts'
import { openListener } from './listener.ts'
import { encodeParam } from './params.ts'
import { createPool, type Pool } from './pool.ts'
import { beginStatement, type Timeouts } from './settings.ts'

export type PostgresOptions = {
  url: string
  connections: number
  prepare: boolean
  timeouts: Timeouts
  clock: Clock
}

const BEGIN_ATTEMPTS = 3

/** How much later than its own time limit Postgres may answer that a statement took too long. */
const ANSWER_MARGIN_MS = 15_000

export function openPostgres(options: PostgresOptions): Database {
  const { url, prepare, clock, timeouts } = options
  const patienceMs = timeouts.statement > 0 ? timeouts.statement + ANSWER_MARGIN_MS : 0
  const connect = { url, prepare, clock, patienceMs, connectSeconds: 10 }
  const pool = createPool({
    size: options.connections,
    maxWaiting: 1_000,
    waitMs: 10_000,
    clock,
    open: () => openConnection(connect),
  })
  const listener = openListener(connect)

  return {
    kind: 'postgres',
    async transaction(transactionOptions, work) {
      const connection = await begin(pool, beginStatement(transactionOptions, timeouts))
      try {
        return await runTransaction(connection, work)
      } finally {
        pool.release(connection)
      }
    },
    listen: (channel, heard) => listener.listen(channel, heard),
    async notify(channel) {
      await this.transaction(NOTIFY_OPTIONS, (tx) => tx.query(`SELECT pg_notify($1, '')`, [channel]))
    },
    async close() {
      listener.end()
      pool.end()
    },
  }
}

const NOTIFY_OPTIONS: TransactionOptions = { isolation: 'read committed', readOnly: false }

async function begin(pool: Pool, statement: string, attempts = BEGIN_ATTEMPTS): Promise<Connection> {
  const connection = await pool.acquire()
  try {
    await connection.statement(statement, [])
    return connection
  } catch (error) {
    connection.end()
    pool.release(connection)
    const again = attempts > 1 && error instanceof LandfallError && error.retryable
    if (!again) throw error
  }
  return begin(pool, statement, attempts - 1)
}

async function runTransaction<T>(connection: Connection, work: (tx: Tx) => Promise<T>): Promise<T> {
  let ended = false
  const tx: Tx = {
    async query(sql, params = []) {
      if (ended) throw new LandfallError('transaction_closed')
      const result = await connection.statement(sql, params.map(encodeParam))
      return [...result.rows]
    },
  }
  try {
    const value = await work(tx)
    ended = true
    await commit(connection)
    return value
  } catch (error) {
    ended = true
    // Without an answer to ROLLBACK the connection's state is unknown.
    await connection.statement('ROLLBACK', []).catch(() => connection.end())
    throw error
  }
}

/** Postgres answers COMMIT with ROLLBACK, and no error, when an earlier error was swallowed. */
async function commit(connection: Connection): Promise<void> {
  const { command } = await connection.statement('COMMIT', [])
  if (command !== 'COMMIT') throw abortedTransaction()
}

export function abortedTransaction(): PostgresError {
  const message = 'an earlier statement of the transaction failed; it was rolled back'
  return new PostgresError({ sqlstate: '25P02', message, ...NO_FIELDS })
}

const NO_FIELDS = { constraint: null, schema: null, table: null, column: null, detail: null }
