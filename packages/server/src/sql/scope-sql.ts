/**
 * How SQL reads the scope of a row, whichever way the table tells it: by a column, through parents, or every row.
 *
 * The one place that knows how to follow a path. Each parent is looked up by its primary key, so that reading the scopes of
 * a row costs an index probe a hop. Names of its own begin with `landfall_`, and every column is qualified: the text also
 * stands in functions whose tables have columns of any name.
 */
import {
  type ColumnType,
  decodeScopeKey,
  type ManifestScope,
  type ManifestTable,
  MAX_SCOPE_KEY_BYTES,
  type ScopeKey,
  type ScopePath,
} from '@landfall/protocol'
import { quoteIdentifier, quotePostgresLiteral as quote, quoteTable } from '@landfall/schema/internal'
import { type Bind, columnOf, isShort } from './row-columns.ts'

/** The SQL of a column of the row. */
export type RowOf = (column: string) => string

/** `NEW."title"` */
export const namedRow =
  (alias: string): RowOf =>
  (column) =>
    `${alias}.${quoteIdentifier(column)}`

/** The scope's key in the row, as text; `''` where every row is in the scope. */
export function scopeKeyText({ column, through }: ManifestScope, row: RowOf): string {
  if (through === undefined) return column === null ? `''::text` : `${row(column)}::text`
  return `(SELECT ${endOf(through)}::text FROM ${parentsOf(through, row)})`
}

/** `'project:' || NEW."project_id"::text`; null where the row is in none of that name. */
export function scopeText(scope: ManifestScope, row: RowOf): string {
  const prefix = quote(`${scope.scope}:`)
  if (scope.column === null) return `${prefix}::text`
  return `${prefix} || ${scopeKeyText(scope, row)}`
}

/** The same, and null for a key that is too long to be one. */
export function shortScopeText(table: ManifestTable, scope: ManifestScope, row: RowOf): string {
  const { column, through } = scope
  if (column === null) return scopeText(scope, row)
  const type = through?.type ?? columnOf(table, column ?? '').type
  if (isShort(type)) return scopeText(scope, row)
  const limited = (key: string): string =>
    `CASE WHEN octet_length(${key}) <= ${MAX_SCOPE_KEY_BYTES} THEN ${quote(`${scope.scope}:`)} || ${key} END`
  if (through === undefined) return limited(scopeKeyText(scope, row))
  return `(SELECT ${limited(`${endOf(through)}::text`)} FROM ${parentsOf(through, row)})`
}

/** The columns of the row itself that say which scope it is in. */
export function scopeColumns({ column, through }: ManifestScope): readonly string[] {
  if (through !== undefined) return through.hops[0].columns
  return column === null ? [] : [column]
}

/** The condition that row `t` is in the scope, by a test of the column that holds the key: its index serves. */
export function inScope(
  table: ManifestTable,
  { column, through }: ManifestScope,
  test: (column: string, type: ColumnType) => string,
): string {
  const row = namedRow('t')
  if (through === undefined) return column === null ? 'true' : test(row(column), columnOf(table, column).type)
  const [first, ...rest] = through.hops
  const path = { ...through, hops: rest }
  const keys = first.key.map(namedRow(parent(0))).join(', ')
  return `(${first.columns.map(row).join(', ')}) IN (
      SELECT ${keys} FROM ${quoteTable(nameOf(first))} AS ${parent(0)}${joinsOf(path)}
      WHERE ${test(endOf(through), through.type)}
    )`
}

/** The condition that row `t` is in one of the scopes; null when the table has none of them. */
export function inScopes(table: ManifestTable, scopes: readonly ScopeKey[], bind: Bind): string | null {
  const keys = keysByScope(scopes)
  const conditions = table.scopes.flatMap((scope) => {
    const held = keys.get(scope.scope)
    if (held === undefined) return []
    if (scope.column === null) return ['true']
    return [`${scopeKeyText(scope, namedRow('t'))} = ANY (${bind(held)}::text[])`]
  })
  return conditions.length === 0 ? null : `(${conditions.join(' OR ')})`
}

function keysByScope(scopes: readonly ScopeKey[]): Map<string, string[]> {
  const keys = new Map<string, string[]>()
  for (const text of scopes) {
    const { scope, key } = decodeScopeKey(text)
    const known = keys.get(scope)
    if (known === undefined) keys.set(scope, [key])
    else known.push(key)
  }
  return keys
}

const parent = (place: number): string => `landfall_parent_${place}`

export const nameOf = ({
  schema,
  table,
}: {
  schema: string
  table: string
}): { schema: string; name: string } => ({
  schema,
  name: table,
})

const endOf = ({ hops, column }: ScopePath): string => namedRow(parent(hops.length - 1))(column)

/** The parents of one row, each by its primary key. */
function parentsOf(through: ScopePath, row: RowOf): string {
  const [first, ...rest] = through.hops
  const same = first.key.map((name, k) => `${namedRow(parent(0))(name)} = ${row(first.columns[k] ?? '')}`)
  return `${quoteTable(nameOf(first))} AS ${parent(0)}${joinsOf({ hops: rest })} WHERE ${same.join(' AND ')}`
}

/** From the first parent on. */
function joinsOf({ hops }: { hops: ScopePath['hops'][0][] }): string {
  return hops
    .map((hop, i) => {
      const [from, to] = [namedRow(parent(i)), namedRow(parent(i + 1))]
      const same = hop.key.map((name, k) => `${to(name)} = ${from(hop.columns[k] ?? '')}`)
      return ` JOIN ${quoteTable(nameOf(hop))} AS ${parent(i + 1)} ON ${same.join(' AND ')}`
    })
    .join('')
}
