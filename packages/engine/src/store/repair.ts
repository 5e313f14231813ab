/**
 * Replaces rows that differ from the server's (P3.3) as a page of a first load does: in one transaction, with capture off,
 * and only below unsent changes. The rows may be newer than the cursor; the pull that follows makes them exact.
 */
import { changesetNumber } from '@landfall/protocol'
import type { Repair } from './store.ts'
import { type ApplyContext, applying, partsOf, confirm, tablesWithBase } from './apply.ts'

export function applyRepair(context: ApplyContext, { table, rows, gone }: Repair): Set<string> {
  return applying(context, ({ state, touched }) => {
    const parts = partsOf(context, table)
    const mode = { hasBase: tablesWithBase(context).has(parts), loadingAgain: state.loadingAgain }
    const removed = parts.rows.removed(gone, mode)
    const replaced = parts.rows.rows(rows, mode)
    if (removed || replaced) touched.add(table)
    confirm(context, changesetNumber(0), touched)
  })
}
