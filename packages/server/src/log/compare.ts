/**
 * Whether a column has changed, exactly: equal by the type's `=` is not enough, since 1.5 = 1.50, -0 = 0,
 * 1 day = 24 hours and '{"a":1.0}' = '{"a":1.00}', and a client would keep the old text for ever.
 *
 * Types whose equality is finer are compared as they are; for the others Postgres' binary output decides. (The row
 * operator `*<>` would do all this at once, but pg_dump prints it in a form that Postgres does not read back.)
 */
import type { ManifestColumn } from '@landfall/protocol'
import { quoteIdentifier } from '@landfall/schema'

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

/** An SQL condition on OLD and NEW. */
export function columnDiffers(column: ManifestColumn): string {
  return `${exact(column, 'OLD')} IS DISTINCT FROM ${exact(column, 'NEW')}`
}

export function anyColumnDiffers(columns: readonly ManifestColumn[]): string {
  return columns.map(columnDiffers).join('\n    OR ')
}

function exact(column: ManifestColumn, row: 'OLD' | 'NEW'): string {
  const value = `${row}.${quoteIdentifier(column.name)}`
  if (column.type.array) return `pg_catalog.array_send(${value})`
  if (BY_TEXT.has(column.type.kind)) return `${value}::pg_catalog.text COLLATE pg_catalog."C"`
  if (COLLATED.has(column.type.kind)) return `${value} COLLATE pg_catalog."C"`
  const output = BINARY_OUTPUT[column.type.kind]
  return output === undefined ? value : `${output}(${value})`
}
