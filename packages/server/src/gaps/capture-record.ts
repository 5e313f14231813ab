/** What `captures` keeps of a table: how its triggers were made, and what the catalog looked like then. */
import type { ManifestTable } from '@landfall/protocol'
import { quoteTable } from '@landfall/schema/internal'
import type { Tx } from '../database/database.ts'
import type { Bookkeeping } from '../log/bookkeeping.ts'
import { failures, fingerprints, PLAIN_PATH, shapes } from './fingerprint.ts'

export type CaptureState = {
  /** Of the SQL that made the triggers, and of what they capture; empty: the table is not captured. */
  digest: string
  definition: string
  /** Every change since then is in the log: the catalog is as it was, and no trigger has failed. */
  intact: boolean
}

export async function readCapture(tx: Tx, bookkeeping: Bookkeeping, table: string): Promise<CaptureState> {
  const [row] = await tx.query(
    `
    WITH RECURSIVE ${fingerprints(bookkeeping, 'c.tbl = $1')}, ${failures(bookkeeping)}
    SELECT c.digest, c.definition,
      (c.gap IS NULL AND c.fingerprint = f.fingerprint AND failures.tbl IS NULL)::text AS intact
    FROM ${bookkeeping.captures} c
    JOIN fingerprints f USING (tbl)
    LEFT JOIN failures USING (tbl)`,
    [table],
  )
  return {
    digest: row?.['digest'] ?? '',
    definition: row?.['definition'] ?? '',
    intact: row?.['intact'] === 'true',
  }
}

/** In the transaction that has put the triggers in place, after them. */
export async function recordCapture(
  tx: Tx,
  bookkeeping: Bookkeeping,
  { table, digest, definition }: { table: ManifestTable; digest: string; definition: string },
): Promise<void> {
  const { captures } = bookkeeping
  await tx.query(
    `
    INSERT INTO ${captures} (tbl, relation, digest, definition, mended, columns)
    VALUES ($1, $2, $3, $4, pg_current_snapshot(), $5)
    ON CONFLICT (tbl) DO UPDATE SET
      relation = excluded.relation, digest = excluded.digest, definition = excluded.definition,
      mended = excluded.mended, columns = excluded.columns`,
    [table.name, quoteTable(table), digest, definition, table.columns.map(({ name }) => name)],
  )
  await tx.query(PLAIN_PATH)
  await tx.query(
    `
    WITH RECURSIVE ${fingerprints(bookkeeping, 'c.tbl = $1')}, ${shapes(bookkeeping, 'c.tbl = $1')}
    UPDATE ${captures} c SET fingerprint = f.fingerprint, shape = s.shape, gap = NULL
    FROM fingerprints f
    LEFT JOIN shapes s USING (tbl)
    WHERE c.tbl = f.tbl`,
    [table.name],
  )
}
