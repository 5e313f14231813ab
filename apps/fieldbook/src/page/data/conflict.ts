/**
 * A recorded conflict in the editor's terms: what won, what lost, and how to take the loser back.
 *
 * Taking back is an ordinary write, so it works offline too and is synced like any other.
 */
import type { StoredConflict } from '@landfall/client'
import { codecFor } from '@landfall/schema/internal'
import { sync } from '../../shared/sync.ts'
import { type Writer, write } from './actions.ts'

/** `kept` is seen from the client that pushed: `mine` is what it sent. */
export function winningValue({ kept, mine, theirs }: StoredConflict): string | null {
  return kept === 'theirs' ? theirs : mine
}

export function losingValue({ kept, mine, theirs }: StoredConflict): string | null {
  return kept === 'theirs' ? mine : theirs
}

export function columnName({ table, column }: StoredConflict): string {
  const words = (column ?? `a row of ${table}`).replace('_id', '').replace('_', ' ')
  return words.slice(0, 1).toUpperCase() + words.slice(1)
}

export async function takeBack(db: Writer, conflict: StoredConflict): Promise<void> {
  const table = sync.manifest.tables.find(({ name }) => name === conflict.table)
  const column = table?.columns.find(({ name }) => name === conflict.column)
  if (table === undefined || column === undefined) return
  const value = codecFor(column.type).fromWire(losingValue(conflict))
  const where = table.key.map((name) => `${name} = ?`).join(' and ')
  await write(db, `Take back ${column.name}`, [
    `update ${table.name} set ${column.name} = ? where ${where}`,
    [value, ...conflict.key],
  ])
}
