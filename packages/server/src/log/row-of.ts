/** How a generated text names the columns of one row, and what the log takes of it: its key and its scopes, as texts. */
import { type ManifestTable, MAX_SCOPE_KEY_BYTES } from '@landfall/protocol'
import { quoteIdentifier, quotePostgresLiteral as quote } from '@landfall/schema/internal'
import { columnOf, isShort } from '../sql/row-columns.ts'

/** The SQL of a column of the row. */
export type RowOf = (column: string) => string

/** `NEW."title"` */
export const namedRow =
  (alias: string): RowOf =>
  (column) =>
    `${alias}.${quoteIdentifier(column)}`

export function keyTexts(table: ManifestTable, row: RowOf): string {
  return `ARRAY[${table.key.map((name) => `${row(name)}::text`).join(', ')}]`
}

/** One for each of the table's scopes, null where the row is in none of that name: `'project:' || NEW."project_id"::text`. */
export function scopeTexts(table: ManifestTable, row: RowOf): string[] {
  return table.scopes.map(({ scope, column }) => {
    const prefix = quote(`${scope}:`)
    if (column === null) return `${prefix}::text`
    const key = `${row(column)}::text`
    if (isShort(columnOf(table, column).type)) return `${prefix} || ${key}`
    return `CASE WHEN octet_length(${key}) <= ${MAX_SCOPE_KEY_BYTES} THEN ${prefix} || ${key} END`
  })
}
