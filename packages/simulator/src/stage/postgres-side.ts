/**
 * Postgres as one server process reaches it: the shared database with faults in between, and the truth read alongside.
 *
 * A fault at a statement ends the transaction as Postgres or a dead process would end it: rolled back. One after the
 * commit only loses the answer. Reading transactions are followed, in their own snapshot, by a reading of the truth,
 * so that what the server made of a snapshot can be compared with it. Writing ones are seen before and after their work,
 * and judged once they are committed.
 */
import { LandfallError } from '@landfall/protocol'
import type { PostgresFailure } from '../plan/plan.ts'
import { type Database, PostgresError, type TransactionOptions, type Tx } from '@landfall/server'

/** Faults that wait for their moment; each strikes once. */
export type PostgresFaults = {
  collision: { sqlstate: string; statement: number } | null
  /** The next commit of a writing transaction is done, and its answer lost. */
  loseCommit: boolean
  /** Waits for its statement, or its commit. */
  planted: { failure: PostgresFailure; isDue: () => boolean } | null
  /** No transaction works. */
  down: boolean
}

export type ProcessFaults = { dies: { moment: 'inside' | 'after'; statement: number } | null }

export type PostgresSide = {
  database: Database
  shared: PostgresFaults
  own: ProcessFaults
  alive(): boolean
  /** The process dies now. */
  die(): void
  struck(fault: 'serialization failure' | 'deadlock' | 'connection lost' | 'commit unknown'): void
  /** Reads the truth in the snapshot of a reading transaction. */
  read(tx: Tx): Promise<unknown>
  /** Sees a writing transaction before it does anything, and before it commits; and hears that it has. */
  writing(tx: Tx): Promise<() => Promise<Committed>>
}

export type Committed = () => void

export function reach(side: PostgresSide): Database {
  const { database, shared, own } = side
  return {
    kind: database.kind,
    async transaction(options, work) {
      mustWork(side)
      let committed: Committed = () => {}
      const result = await database.transaction(options, async (tx) => {
        const ran = await runIn(side, { tx, options, work })
        committed = ran.committed
        return ran.result
      })
      committed()
      if (options.readOnly) return result
      armAtCommit(side)
      if (own.dies?.moment === 'after') side.die()
      if (!side.alive()) throw gone()
      if (shared.loseCommit) {
        shared.loseCommit = false
        side.struck('commit unknown')
        throw gone()
      }
      return result
    },
    close: async () => {},
  }
}

type Running<T> = { tx: Tx; options: TransactionOptions; work: (tx: Tx) => Promise<T> }

async function runIn<T>(
  side: PostgresSide,
  { tx, options, work }: Running<T>,
): Promise<{ result: T; committed: Committed }> {
  mustWork(side)
  let statements = 0
  const watched: Tx = {
    query(sql, params) {
      strike(side, options, ++statements)
      return tx.query(sql, params)
    },
  }
  if (options.readOnly) {
    const result = await work(watched)
    if (options.isolation === 'repeatable read') await side.read(tx)
    return { result, committed: () => {} }
  }
  const written = await side.writing(tx)
  const result = await work(watched)
  mustWork(side)
  return { result, committed: await written() }
}

function strike(side: PostgresSide, options: TransactionOptions, statement: number): void {
  const { readOnly } = options
  const { shared, own } = side
  armAtStatement(side, options, statement)
  if (own.dies?.moment === 'inside' && statement >= own.dies.statement) side.die()
  mustWork(side)
  const { collision } = shared
  if (readOnly || collision === null || statement < collision.statement) return
  shared.collision = null
  side.struck(collision.sqlstate === '40P01' ? 'deadlock' : 'serialization failure')
  throw new PostgresError({
    sqlstate: collision.sqlstate,
    message: 'lost against another transaction',
    constraint: null,
    schema: null,
    table: null,
    column: null,
    detail: null,
  })
}

/** The polls of the change log: there are so many of them that nothing else would be met. */
const isPoll = ({ isolation, readOnly }: TransactionOptions): boolean =>
  readOnly && isolation === 'read committed'

/** Where the planted fault is due, it becomes one that strikes now. */
function armAtStatement(
  { shared, own, struck }: PostgresSide,
  options: TransactionOptions,
  statement: number,
) {
  const { planted } = shared
  if (planted === null || isPoll(options)) return
  const { failure, isDue } = planted
  if (failure === 'commit unknown' || failure === 'process killed after commit') return
  const isCollision = failure === '40001' || failure === '40P01'
  if ((isCollision && options.readOnly) || !isDue()) return
  if (isCollision) shared.collision = { sqlstate: failure, statement }
  else if (failure === 'process killed') own.dies = { moment: 'inside', statement }
  else {
    struck('connection lost')
    throw gone()
  }
}

function armAtCommit({ shared, own }: PostgresSide): void {
  const { planted } = shared
  if (planted === null) return
  const { failure, isDue } = planted
  if (failure === 'commit unknown' && isDue()) shared.loseCommit = true
  if (failure === 'process killed after commit' && isDue()) own.dies = { moment: 'after', statement: 0 }
}

function mustWork(side: PostgresSide): void {
  if (!side.alive() || side.shared.down) throw gone()
}

const gone = (): LandfallError => new LandfallError('database_unreachable', { cause: 'closed' })
