/**
 * Marks: log rows that ask every device to verify a table, since changes of it may have gone unlogged (P17.8).
 *
 * A pull finds them as it finds every other change, by the cursor: each device hears of each mark once. A gap is marked
 * when it is seen, and again in the transaction from which on the table is captured; nothing is marked in between, or
 * devices would verify without end while it is open. So what a trigger logs when it cannot capture is no mark itself.
 */
import { EVERY_SCOPE } from '@landfall/protocol'
import type { Tx } from '../database/database.ts'
import type { Bookkeeping } from '../log/bookkeeping.ts'
import type { LOG_OPERATIONS } from '../log/tables.ts'

type Mark = typeof LOG_OPERATIONS.gap | typeof LOG_OPERATIONS.mended

export async function mark(
  tx: Tx,
  { changes }: Bookkeeping,
  { table, operation }: { table: string; operation: Mark },
): Promise<void> {
  await tx.query(
    `
    INSERT INTO ${changes} (tbl, key, scope, op, hlc)
    VALUES ($1, '{}', '${EVERY_SCOPE}', $2::"char", 0)`,
    [table, operation],
  )
}
