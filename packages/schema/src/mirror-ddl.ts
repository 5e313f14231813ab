/**
 * The mirror: one SQLite table per synced table, with the same names and the stored forms of `codec.ts`.
 *
 * STRICT keeps SQLite from storing what the codec could not read. WITHOUT ROWID stores rows by their key, which is how
 * they are found. Only keys and NOT NULL are enforced: rows arrive in any order and in parts, and the mirror must not
 * refuse what Postgres has accepted. A column that Postgres fills in by itself is nullable here, until the row comes
 * back. Secondary indexes only speed up local queries; none is unique.
 */
import type { ColumnType, Manifest, ManifestColumn, ManifestTable } from '@landfall/protocol'
import { quoteIdentifier } from './quote.ts'

const TYPES: Partial<Record<ColumnType['kind'], string>> = {
  bool: 'INTEGER',
  int2: 'INTEGER',
  int4: 'INTEGER',
  int8: 'INTEGER',
  float4: 'ANY',
  float8: 'ANY',
  bytea: 'BLOB',
}

/** The statements that create all mirror tables and their indexes, parents first. */
export function mirrorDdl(manifest: Manifest): string[] {
  return manifest.tables.flatMap((table) => [mirrorTableDdl(table), ...mirrorIndexDdl(table)])
}

/** `CREATE TABLE` of one mirror table. */
export function mirrorTableDdl(table: ManifestTable): string {
  const lines = table.columns.map(mirrorColumnDdl)
  lines.push(`PRIMARY KEY (${list(table.key)})`)
  return `CREATE TABLE ${quoteIdentifier(table.name)} (\n  ${lines.join(',\n  ')}\n) STRICT, WITHOUT ROWID`
}

/** One column as it stands in CREATE TABLE, and in ALTER TABLE ADD COLUMN. */
export function mirrorColumnDdl(column: ManifestColumn): string {
  const parts = [quoteIdentifier(column.name), mirrorType(column.type)]
  if (!isNullableInMirror(column)) parts.push('NOT NULL')
  if (column.localDefault !== null) parts.push(`DEFAULT ${column.localDefault}`)
  return parts.join(' ')
}

/** Safe to run again: indexes are named after what they hold. */
export function mirrorIndexDdl(table: ManifestTable): string[] {
  return table.indexes.map((columns) => {
    const name = quoteIdentifier(mirrorIndexName(table.name, columns))
    return `CREATE INDEX IF NOT EXISTS ${name} ON ${quoteIdentifier(table.name)} (${list(columns)})`
  })
}

/** `checks(project_id,due)`: a name that no other table and columns share. */
export function mirrorIndexName(table: string, columns: string[]): string {
  return `${table}(${columns.join(',')})`
}

/** The type of a mirror column in a STRICT table. */
export function mirrorType(type: ColumnType): string {
  return type.array ? 'TEXT' : (TYPES[type.kind] ?? 'TEXT')
}

/** Postgres says NOT NULL, but may be the one who fills it in. */
function isNullableInMirror(column: ManifestColumn): boolean {
  return column.nullable || column.readonly || (column.hasDefault && column.localDefault === null)
}

const list = (names: string[]): string => names.map(quoteIdentifier).join(', ')
