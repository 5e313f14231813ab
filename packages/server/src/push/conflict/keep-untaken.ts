/**
 * Keeps what the database did not take (P7.10): an update or a deletion that a trigger of the host left out or took back.
 *
 * Postgres says nothing of it, so the edit would count as applied and vanish from its author's screen without a trace.
 */
import type { WireRow } from '@landfall/protocol'
import { readUntaken, type Untaken } from '../apply/untaken.ts'
import { type Batch, valuesByName } from '../batch.ts'
import type { PushContext } from '../push-context.ts'
import type { Loser } from './decide-row.ts'
import { conflictOf, storeConflicts } from './record-conflicts.ts'

/** For rows that were written as the client saw them. */
export async function keepUntaken(work: PushContext, batch: Batch): Promise<void> {
  const untaken = await readUntaken(work, batch)
  await storeConflicts(
    work,
    untaken.flatMap((each) =>
      losersUntaken(batch, each).map((loser) =>
        conflictOf(batch, { ...loser, row: each.row, scopes: each.scopes }),
      ),
    ),
  )
}

/** `texts`: the whole row as the database kept it. */
export function losersUntaken(batch: Batch, { row, columns, texts }: Omit<Untaken, 'scopes'>): Loser[] {
  const at = (side: 'old' | 'new'): WireRow => batch[side].map((column) => column[row] ?? null)
  const kept = { kept: 'theirs', reason: 'not_taken' } as const
  const old = at('old')
  if (batch.operation === 'delete') {
    const base = valuesByName(batch.columns, old)
    const theirs = valuesByName(batch.table.columns, texts)
    return [{ ...kept, column: null, policy: 'last-write', base, mine: null, theirs }]
  }
  return columns.flatMap((c) => {
    const column = batch.columns[c]
    if (column === undefined) return []
    const theirs = texts[batch.table.columns.indexOf(column)] ?? null
    const sides = { base: old[c] ?? null, mine: batch.new[c]?.[row] ?? null, theirs }
    return [{ ...kept, column: column.name, policy: column.policy, ...sides }]
  })
}
