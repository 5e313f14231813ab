/**
 * Pools: the few values that key, scope and foreign-key columns are drawn from, so that statements hit each other.
 *
 * A pool belongs to a column, and a composite key is drawn column by column. A scope's column draws from the scope
 * keys of the caller, a foreign key from the pool of the column it points to, any other key column from derived
 * values. Nothing here has seen a row: whether a parent exists is for the run to find out.
 */
import type { ManifestColumn, ManifestTable, WireValue } from '@landfall/protocol'
import { derivedValue } from './derived-value.ts'
import type { Link } from './links.ts'

/** Scope keys by scope name, as they stand in the scope's column. */
export type ScopeKeys = { [scope: string]: readonly string[] }

export type PoolSource = {
  tables: readonly ManifestTable[]
  links: ReadonlyMap<string, readonly Link[]>
  scopes: ScopeKeys
  /** How many values a key column has that no scope and no parent gives. */
  size: number
}

/** The column's pool; null when any value will do. */
export function poolOf(source: PoolSource, table: ManifestTable, column: ManifestColumn): WireValue[] | null {
  return find(source, { table, column }, new Set())
}

type Place = { table: ManifestTable; column: ManifestColumn }

/** `seen` ends the search where foreign keys go in a circle. */
function find(source: PoolSource, place: Place, seen: Set<string>): WireValue[] | null {
  const { table, column } = place
  seen.add(`${table.name}.${column.name}`)
  const scoped = scopeKeys(source, place)
  if (scoped.length > 0) return scoped
  for (const parent of parentsOf(source, place)) {
    if (!seen.has(`${parent.table.name}.${parent.column.name}`)) return find(source, parent, seen)
  }
  const isKey = table.key.includes(column.name) || isPointedAt(source, place)
  return isKey ? derivedPool(column, table.name, source.size) : null
}

const isPointedAt = ({ links }: PoolSource, { table, column }: Place): boolean =>
  [...links.values()].flat().some((link) => link.targets(table.name, column.name))

/** A scope for which the caller has named no keys has the same derived keys in all of its tables. */
function scopeKeys({ scopes, size }: PoolSource, { table, column }: Place): WireValue[] {
  const names = table.scopes.filter((scope) => scope.column === column.name).map(({ scope }) => scope)
  const keys = names.flatMap((name): readonly WireValue[] => {
    const given = scopes[name] ?? []
    return given.length > 0 ? given : derivedPool(column, name, size)
  })
  return [...new Set(keys)]
}

function parentsOf({ links, tables }: PoolSource, { table, column }: Place): Place[] {
  return (links.get(table.name) ?? []).flatMap((link) => {
    const name = link.parentColumn(column.name)
    const parent = tables.find((candidate) => candidate.name === link.parent)
    const found = parent?.columns.find((candidate) => candidate.name === name)
    return parent === undefined || found === undefined ? [] : [{ table: parent, column: found }]
  })
}

function derivedPool({ type }: ManifestColumn, name: string, size: number): WireValue[] {
  return [...new Set(Array.from({ length: size }, (_, n) => derivedValue(type, name, n)))]
}
