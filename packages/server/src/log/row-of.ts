/** What the log takes of a row: its key and its scopes, as texts. */
import type { ManifestTable } from '@landfall/protocol'
import { type RowOf, shortScopeText } from '../sql/scope-sql.ts'

export function keyTexts(table: ManifestTable, row: RowOf): string {
  return `ARRAY[${table.key.map((name) => `${row(name)}::text`).join(', ')}]`
}

/** One for each of the table's scopes, null where the row is in none of that name. */
export function scopeTexts(table: ManifestTable, row: RowOf): string[] {
  return table.scopes.map((scope) => shortScopeText(table, scope, row))
}
