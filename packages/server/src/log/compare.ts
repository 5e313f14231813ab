/**
 * Whether a column has changed, exactly: equal by the type's `=` is not enough, since 1.5 = 1.50, -0 = 0,
 * 1 day = 24 hours and '{"a":1.0}' = '{"a":1.00}', and a client would keep the old text for ever.
 *
 * Types whose equality is finer are compared as they are; for the others Postgres' binary output decides.
 * (`record_image_ne` over both rows of one column would do for every type, at four times the cost.)
 */
import type { ManifestColumn, ManifestTable } from '@landfall/protocol'
import { quotePostgresLiteral as quote } from '@landfall/schema/internal'
import type { RowOf } from '../sql/scope-sql.ts'

const BINARY_OUTPUT: { [kind: string]: string } = {
  numeric: 'pg_catalog.numeric_send',
  float4: 'pg_catalog.float4send',
  float8: 'pg_catalog.float8send',
  interval: 'pg_catalog.interval_send',
  json: 'pg_catalog.json_send',
  jsonb: 'pg_catalog.jsonb_send',
}

/** Types of many kinds, some without any equality: their texts decide. */
const BY_TEXT = new Set(['opaque'])

/** A collation may call different texts equal; bytes do not. */
const COLLATED = new Set(['text', 'varchar', 'char'])

/** A row as it was and as it is. */
export type RowPair = { was: RowOf; is: RowOf }

/** An SQL condition. */
export function columnDiffers(column: ManifestColumn, { was, is }: RowPair): string {
  return `${exact(column, was)} IS DISTINCT FROM ${exact(column, is)}`
}

export function anyColumnDiffers(table: ManifestTable, pair: RowPair): string {
  return table.columns.map((column) => columnDiffers(column, pair)).join('\n    OR ')
}

/** The names of the columns that differ, as a text array. */
export function changedColumns(table: ManifestTable, pair: RowPair): string {
  const named = table.columns.map(
    (column) => `CASE WHEN ${columnDiffers(column, pair)} THEN ${quote(column.name)} END`,
  )
  return `array_remove(ARRAY[\n      ${named.join(',\n      ')}]::text[], NULL)`
}

function exact(column: ManifestColumn, row: RowOf): string {
  const value = row(column.name)
  if (column.type.array) return `pg_catalog.array_send(${value})`
  if (BY_TEXT.has(column.type.kind)) return `${value}::pg_catalog.text COLLATE pg_catalog."C"`
  if (COLLATED.has(column.type.kind)) return `${value} COLLATE pg_catalog."C"`
  const output = BINARY_OUTPUT[column.type.kind]
  return output === undefined ? value : `${output}(${value})`
}
