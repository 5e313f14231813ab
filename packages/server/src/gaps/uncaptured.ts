/** Which tables of a manifest are not captured, as the transaction sees it: a gap is open, or nobody has captured them. */
import type { Manifest } from '@landfall/protocol'
import type { Tx } from '../database/database.ts'
import type { Bookkeeping } from '../log/bookkeeping.ts'

export async function readUncaptured(
  tx: Tx,
  { captures }: Bookkeeping,
  { tables }: Manifest,
): Promise<string[]> {
  const rows = await tx.query(
    `
    SELECT asked.tbl
    FROM unnest($1::text[]) AS asked(tbl)
    LEFT JOIN ${captures} c USING (tbl)
    WHERE c.tbl IS NULL OR c.gap IS NOT NULL
    ORDER BY asked.tbl`,
    [tables.map(({ name }) => name)],
  )
  return rows.flatMap(({ tbl }) => tbl ?? [])
}
