/** The conflict records of a pull: those of the client's scopes that its cursor has not seen. */
import type { ConflictRecord, ScopeKey, SnapshotText } from '@landfall/protocol'
import type { Tx } from '../database/database.ts'
import type { Bookkeeping } from '../log/bookkeeping.ts'
import { unseenRows } from '../log/window.ts'
import { createBinder } from '../sql/row-columns.ts'

/** The conflicts of held scopes that the snapshot has not seen, in the order of their stamps. */
export async function readConflicts(
  tx: Tx,
  bookkeeping: Bookkeeping,
  { seen, scopes }: { seen: SnapshotText; scopes: readonly ScopeKey[] },
): Promise<ConflictRecord[]> {
  if (scopes.length === 0) return []
  const { params, bind } = createBinder()
  const where = `scopes && ${bind(scopes)}::text[]`
  const unseen = unseenRows(seen, bind, {
    table: bookkeeping.conflicts,
    columns: '*',
    where,
  })
  const [row] = await tx.query(
    `
    SELECT coalesce(json_agg(json_build_object(
      'id', id, 'table', tbl, 'key', key, 'column', col, 'policy', policy, 'kept', kept, 'reason', reason, 'base', base,
      'mine', mine, 'theirs', theirs, 'client', client, 'number', number, 'user', user_id, 'hlc', hlc::text
    ) ORDER BY hlc, id), '[]')::text AS conflicts
    FROM (
      ${unseen}
    ) AS unseen`,
    params,
  )
  return JSON.parse(row?.['conflicts'] ?? '[]') as ConflictRecord[]
}
