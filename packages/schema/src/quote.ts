/**
 * SQL quoting for both databases, in one place.
 *
 * Identifiers are quoted the same way by SQLite and Postgres. Literals are for generated DDL only: values of
 * statements are bound.
 */
import type { ManifestTable } from '@landfall/protocol'
import type { SqliteValue } from './codec.ts'

/** `"name"`, for SQLite and Postgres. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** `"schema"."table"` in Postgres. */
export function quoteTable(table: Pick<ManifestTable, 'schema' | 'name'>): string {
  return `${quoteIdentifier(table.schema)}.${quoteIdentifier(table.name)}`
}

/** `'text'` in Postgres, whatever `standard_conforming_strings` says. */
export function quotePostgresLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''")}'`
  return quoted.includes('\\') ? ` E${quoted.replaceAll('\\', '\\\\')}` : quoted
}

/** A value as a SQLite literal. NaN has none: codecs store it as text. */
export function quoteSqliteLiteral(value: SqliteValue): string {
  if (value === null) return 'NULL'
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`
  if (typeof value === 'bigint') return `${value}`
  if (typeof value === 'number') return quoteNumber(value)
  return `x'${Array.from(value, (byte) => byte.toString(16).padStart(2, '0')).join('')}'`
}

function quoteNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '9e999'
  if (value === Number.NEGATIVE_INFINITY) return '-9e999'
  if (Object.is(value, -0)) return '-0.0'
  return Number.isSafeInteger(value) ? `${value}` : value.toExponential()
}
