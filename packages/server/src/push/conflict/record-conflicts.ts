/** Keeps the losers of conflicts (P7.1), for everyone who holds one of the row's scopes; pulls deliver them. */
import { encodeHlc, hlcFromTime, type WireRow } from '@landfall/protocol'
import type { Loser } from './decide-row.ts'
import { type Batch, keyAt } from '../batch.ts'
import type { PushContext } from '../push-context.ts'

export type Conflict = Loser & { table: string; key: WireRow; number: number; scopes: readonly string[] }

/** The loser of a row of the batch, seen by those scopes. */
export function conflictOf(
  batch: Batch,
  { row, ...loser }: Loser & { row: number; scopes: readonly string[] },
): Conflict {
  const number = batch.owners[row]?.number ?? 0
  return { ...loser, table: batch.table.name, key: keyAt(batch, row), number }
}

export async function storeConflicts(work: PushContext, conflicts: readonly Conflict[]): Promise<void> {
  if (conflicts.length === 0) return
  const { bookkeeping, randomness, clock } = work.context
  const rows = conflicts.map((conflict) => ({ id: randomness.uuid(), ...conflict }))
  await work.tx.query(
    `
    INSERT INTO ${bookkeeping.conflicts}
      (id, scopes, tbl, key, col, policy, kept, reason, base, mine, theirs, number, client, user_id, hlc)
    SELECT
      id, ARRAY(SELECT json_array_elements_text(scopes)), "table", ARRAY(SELECT json_array_elements_text(key)),
      "column", policy, kept, reason, base, mine, theirs, number, $2, $3, $4::bigint
    FROM json_to_recordset($1::json) AS r(
      id text, scopes json, "table" text, key json, "column" text, policy text, kept text, reason text, base text, mine text,
      theirs text, number bigint)`,
    [JSON.stringify(rows), work.client, work.user, encodeHlc(hlcFromTime(clock.now()))],
  )
}
