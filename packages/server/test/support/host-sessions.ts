/** Programs that write to the host's table, each in a session of its own, and what their writes leave in the log. */
import { expect } from 'vitest'
import type { Database, Tx } from '../../src/database/database.ts'
import { openDatabase } from '../../src/database/open-database.ts'
import { write } from '../database-contract.ts'

/** A program's session: one connection, whose statements keep their plans. */
export type Session = { database: Database; close(): Promise<void> }

export async function openSession(url: string): Promise<Session> {
  const database = await openDatabase(url, { connections: 1 })
  return { database, close: () => database.close() }
}

/** What a program does to rows of its own, one transaction each; every one must have left something in the log. */
export async function work(
  session: Session,
  id: number,
  { table = 'items', owner = 'owner' } = {},
): Promise<string[]> {
  const statements = [
    `INSERT INTO ${table} (id, ${owner}, n) VALUES (${id}, '7', '1'), (${id + 1}, '7', '1')`,
    `UPDATE ${table} SET n = '2' WHERE id = ${id}`,
    `UPDATE ${table} SET n = '3' WHERE id IN (${id}, ${id + 1})`,
    `UPDATE ${table} SET ${owner} = '8' WHERE id = ${id}`,
    `DELETE FROM ${table} WHERE id = ${id}`,
  ]
  const told: string[] = []
  for (const statement of statements) {
    await write(session.database, async (tx) => {
      await tx.query(statement)
      expect({ statement, ...(await leftBehind(tx)) }).toMatchObject({
        statement,
        transactions: '1',
        logged: 'true',
      })
      told.push((await leftBehind(tx)).lines ?? '')
    })
  }
  return told
}

/** Locks on transaction ids (one more for each subtransaction that has one), and what the log got. */
export async function leftBehind(tx: Tx) {
  const [row = {}] = await tx.query(`
    SELECT
      (SELECT count(*) FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'transactionid')::text AS transactions,
      (count(*) > 0)::text AS logged,
      string_agg(concat_ws(' ', op, array_to_string(key, ','), scope, array_to_string(columns, ',')), '; ' ORDER BY key, op DESC) AS lines
    FROM landfall.changes WHERE xid = pg_current_xact_id()`)
  return row as { transactions?: string; logged?: string; lines?: string }
}

export const RIGHT = (id: number, owner = 'owner') => [
  `i ${id} own:7; i ${id + 1} own:7`,
  `u ${id} own:7 n`,
  `u ${id} own:7 n; u ${id + 1} own:7 n`,
  `x ${id} own:7 ${owner}; i ${id} own:8 ${owner}`,
  `d ${id} own:8`,
]
