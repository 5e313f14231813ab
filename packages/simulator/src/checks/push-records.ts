/** What a push has left in Postgres of its verdicts, read inside its own transaction before it commits. */
import { encodeKey, type WireRow } from '@landfall/protocol'
import type { Tx } from '@landfall/server'
import type { RecordedConflict } from './judge-cell.ts'

export type PushRecords = {
  lastNumber: number
  rejected: ReadonlySet<number>
  conflicts: readonly RecordedConflict[]
}

/** null when the transaction has not touched the client's row. */
export async function readPushRecords(tx: Tx, client: string): Promise<PushRecords | null> {
  const [row] = await tx.query(
    `
    SELECT
      c.last_number::text AS last,
      (SELECT coalesce(json_agg(number), '[]') FROM landfall.rejections WHERE client = $1)::text AS rejected,
      (SELECT coalesce(json_agg(json_build_object('table', tbl, 'key', key, 'column', col, 'client', client,
         'number', number, 'mine', mine, 'theirs', theirs)), '[]')
       FROM landfall.conflicts WHERE xid = pg_current_xact_id())::text AS conflicts
    FROM landfall.clients c
    WHERE c.client = $1 AND c.xmin::text = (pg_current_xact_id()::text::bigint % 4294967296)::text`,
    [client],
  )
  if (row === undefined) return null
  const conflicts = JSON.parse(row['conflicts'] ?? '[]') as (Omit<RecordedConflict, 'key'> & {
    key: WireRow
  })[]
  return {
    lastNumber: Number(row['last']),
    rejected: new Set(JSON.parse(row['rejected'] ?? '[]') as number[]),
    conflicts: conflicts.map((conflict) => ({ ...conflict, key: encodeKey(conflict.key) })),
  }
}
