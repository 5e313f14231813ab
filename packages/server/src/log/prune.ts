/** Deletes what the change log no longer needs; the header of history.ts says why no cursor misses it. */
import type { Database } from '../database/database.ts'
import { ADVISORY_LOCK, type Bookkeeping } from './bookkeeping.ts'
import { WRITE } from './history.ts'

/** Deletes what no cursor younger than the retention needs. Answers the number of changes deleted. */
export async function pruneHistory(
  database: Database,
  bookkeeping: Bookkeeping,
  retentionMs: number,
): Promise<number> {
  const { changes, history } = bookkeeping
  return database.transaction(WRITE, async (tx) => {
    await tx.query(ADVISORY_LOCK, [bookkeeping.locks.history])
    const [horizon] = await tx.query(
      `
      SELECT
        h.seq::text AS seq,
        (SELECT pg_snapshot_xmin(snapshot) AS xmin FROM ${history} WHERE seq >= h.seq ORDER BY xmin LIMIT 1)::text AS xmin
      FROM ${history} h
      WHERE h.at < now() - $1::bigint * interval '1 millisecond'
      ORDER BY h.seq DESC -- not by its text
      LIMIT 1`,
      [retentionMs],
    )
    if (!horizon) return 0
    const { seq = null, xmin = null } = horizon
    await tx.query(`DELETE FROM ${history} WHERE seq < $1::bigint`, [seq])
    const [deleted] = await tx.query(
      `
      WITH deleted AS (
        DELETE FROM ${changes} WHERE xid < $1::xid8 RETURNING 1
      )
      SELECT count(*)::text AS count FROM deleted`,
      [xmin],
    )
    return Number(deleted?.['count'])
  })
}
