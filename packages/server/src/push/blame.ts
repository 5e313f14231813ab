/**
 * Which row of a rejected changeset Postgres meant, so that people can be shown it.
 *
 * Postgres names the table, and for keys that clash or are missing their columns and values ("Key (a, b)=(1, x) already
 * exists."); a row of the changeset with just these values is the one. Where that does not tell, no row is named.
 */
import type { WireRow } from '@landfall/protocol'
import { PostgresError } from '../database/database.ts'
import { type CheckedBlock, type CheckedChangeset, keyAt, rowsOf } from './batch.ts'

export type Blamed = { table: string; key: WireRow }

export function blameRow(error: unknown, { blocks }: CheckedChangeset): Blamed | null {
  if (!(error instanceof PostgresError)) return null
  const { table, schema } = error
  const concerned = blocks.filter(
    (block) => table === null || (block.table.name === table && block.table.schema === schema),
  )
  const [only] = concerned
  if (only && concerned.length === 1 && rowsOf(only) === 1) return blamed(only, 0)
  const [, names, values] = /^Key \((.+?)\)=\((.*)\) /.exec(error.detail ?? '') ?? []
  if (names === undefined || values === undefined) return null
  const rows = concerned.flatMap((block) =>
    Array.from({ length: rowsOf(block) }, (_, row) => row)
      .filter((row) => textOf(block, names.split(', '), row) === values)
      .map((row) => blamed(block, row)),
  )
  return rows.length === 1 ? (rows[0] ?? null) : null
}

function blamed(block: CheckedBlock, row: number): Blamed {
  return { table: block.table.name, key: keyAt(block, row) }
}

/** The row's values of these columns as Postgres lists them; null where the changeset does not have them. */
function textOf(block: CheckedBlock, names: string[], row: number): string | null {
  const values = names.map((name) => {
    const k = block.table.key.indexOf(name)
    const c = block.columns.findIndex((column) => column.name === name)
    return k >= 0 ? block.keys[k]?.[row] : block.new[c]?.[row]
  })
  return values.every((value) => typeof value === 'string') ? values.join(', ') : null
}
