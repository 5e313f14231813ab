/**
 * What the function of a scope names: a column of the table, or a path through its parents to a column of the last one.
 *
 * A path is resolved here to the end, so that both sides read a row's scope from one table's definition. Knows nothing of
 * rights.
 */
import type { ManifestScope, ScopeHop } from '@landfall/protocol'
import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { getTableConfig, PgColumn, type PgTable } from 'drizzle-orm/pg-core'
import { readColumnType } from './column-type.ts'
import type { Problem } from './problem.ts'
import type { PgTables } from './definition.ts'
import { isThrough, type ScopeRule, type ThroughScope } from './scope-rules.ts'

/** What `defineSync` was told about scopes, without its types. */
export type ScopeInput = { tables: PgTables; scopes: { [scope: string]: { [table: string]: ScopeRule } } }

type Place = { scope: string; name: string; rule: Exclude<ScopeRule, true | undefined> }

/** None where it cannot be: `problems` says why. */
export function resolveScope(
  input: ScopeInput,
  { scope, name, rule }: Place,
  problems: Problem[],
): ManifestScope[] {
  const table = input.tables[name]
  if (table === undefined) return []
  const wrong = (problem: string, cure: string): [] => {
    problems.push({ table: getTableName(table), problem: `scope ${scope} ${problem}`, cure })
    return []
  }
  const hops: ScopeHop[] = []
  const seen = new Set<PgTable>()
  for (let at = table, next: ScopeRule = rule; ; ) {
    if (typeof next !== 'function') return wrong(`has no key in ${getTableName(at)}`, 'name a column of it')
    const named = next(getTableColumns(at))
    if (is(named, PgColumn)) return columnAt(named, at) ? [endOf(scope, hops, named)] : wrong(...FOREIGN)
    if (!isThrough(named)) return wrong(...FOREIGN)
    seen.add(at)
    const hop = hopOf(at, named)
    const parent: string | undefined = Object.keys(input.tables).find(
      (key) => input.tables[key] === named.parent,
    )
    if (hop === null) return wrong(...misfit(named))
    if (parent === undefined)
      return wrong(`goes through ${hop.table}, which is not synced`, 'add it to tables')
    if (seen.has(named.parent)) return wrong(`goes through ${hop.table} in a circle`, 'end it at a column')
    hops.push(hop)
    at = named.parent
    next = input.scopes[scope]?.[parent]
    if (next === undefined)
      return wrong(
        `goes through ${hop.table}, which does not stand in it`,
        `name its column in scope ${scope}`,
      )
  }
}

const FOREIGN = [
  'does not name a column of this table',
  'return one of the columns the function is given: (c) => c.projectId',
] as const

function misfit({ parent }: ThroughScope): [problem: string, cure: string] {
  const { table, key } = keyOf(parent)
  return [
    `goes through ${table} by columns that are not of its primary key’s types`,
    `name the column of this table that refers to ${table}.${key.map(({ name }) => name).join(', ')}`,
  ]
}

const columnAt = (column: PgColumn, table: PgTable): boolean => column.table === table

function endOf(scope: string, hops: ScopeHop[], column: PgColumn): ManifestScope {
  const [first, ...rest] = hops
  if (first === undefined) return { scope, column: column.name }
  // A type that cannot be is a problem of the parent's own.
  const type = readColumnType(column) ?? { kind: 'text', sql: 'text', array: false }
  return { scope, through: { hops: [first, ...rest], column: column.name, type } }
}

/** A foreign key that Drizzle knows says which column refers to which; else they are in the order of the key. */
function hopOf(table: PgTable, { columns, parent }: ThroughScope): ScopeHop | null {
  const { table: name, schema, key } = keyOf(parent)
  const isOwn = columns.every((column) => is(column, PgColumn) && columnAt(column, table))
  if (!isOwn || columns.length !== key.length || key.length === 0) return null
  const names = columns.map((column) => column.name)
  const referred = getTableConfig(table)
    .foreignKeys.map((foreignKey) => foreignKey.reference())
    .find(
      (reference) =>
        reference.foreignTable === parent &&
        reference.columns.length === columns.length &&
        reference.columns.every((column) => names.includes(column.name)),
    )
  const place = (column: PgColumn): number =>
    referred?.foreignColumns.findIndex(({ name: other }) => other === column.name) ?? -1
  const ordered = key.map((column, k) => {
    const own = referred?.columns[place(column)]?.name
    return own === undefined ? columns[k] : columns.find(({ name: other }) => other === own)
  })
  if (!key.every((column, k) => isAlike(column, ordered[k]))) return null
  return {
    columns: ordered.flatMap((column) => column?.name ?? []),
    schema,
    table: name,
    key: key.map((column) => column.name),
  }
}

function keyOf(table: PgTable): { table: string; schema: string; key: PgColumn[] } {
  const { name, schema, columns, primaryKeys } = getTableConfig(table)
  const composite = primaryKeys[0]?.columns.map(({ name }) => name)
  const isKey = (column: PgColumn): boolean => composite?.includes(column.name) ?? column.primary
  const key = columns.filter(isKey)
  if (composite !== undefined) key.sort((a, b) => composite.indexOf(a.name) - composite.indexOf(b.name))
  return { table: name, schema: schema ?? 'public', key }
}

/** The device compares what it has stored: both columns store a value alike. */
function isAlike(column: PgColumn, other: PgColumn | undefined): boolean {
  const [kind, otherKind] = [column, other].map((each) => each && readColumnType(each)?.kind)
  return kind !== undefined && (kind === otherKind || (INTEGERS.has(kind) && INTEGERS.has(otherKind ?? '')))
}

const INTEGERS: ReadonlySet<string> = new Set(['int2', 'int4', 'int8'])
