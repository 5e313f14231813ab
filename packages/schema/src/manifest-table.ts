/**
 * One table of the manifest from one Drizzle table: key, columns, scopes, parents, constraints and the mirror's indexes.
 *
 * Works on one table at a time; `define-sync.ts` checks what concerns several.
 */
import type { ManifestColumn, ManifestScope, ManifestTable } from '@landfall/protocol'
import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { getTableConfig, IndexedColumn, type PgColumn, type PgTable } from 'drizzle-orm/pg-core'
import { isTextUnique } from './column-type.ts'
import { constrainedColumns } from './constrained-columns.ts'
import { type ColumnRule, isGeneratedAlways, manifestColumn } from './manifest-column.ts'
import type { Problem } from './problem.ts'

/** What `defineSync` was told about one table, by Drizzle's property names. */
export type TableRules = {
  excluded: ReadonlySet<string>
  rule(property: string, column: PgColumn): ColumnRule
  scopes: ManifestScope[]
  write: string[]
}

export function manifestTable(table: PgTable, rules: TableRules, problems: Problem[]): ManifestTable {
  const config = getTableConfig(table)
  const columns = Object.entries(getTableColumns(table)).flatMap(([property, column]) => {
    if (rules.excluded.has(property)) return []
    return manifestColumn(column, rules.rule(property, column), problems) ?? []
  })
  const key = keyOf(config)
  checkKey(config.name, key, problems)
  if (rules.write.length > 0) checkMadeKey(config, key, problems)
  checkNames(config.name, key, { columns, scopes: rules.scopes, problems })
  return {
    name: config.name,
    schema: config.schema ?? 'public',
    key,
    columns: columns.map((column) => (key.includes(column.name) ? { ...column, nullable: false } : column)),
    scopes: rules.scopes,
    write: rules.write,
    parents: parentsOf(config, rules.scopes),
    constrained: constrainedOf(config, key, columns),
    indexes: indexesOf(config, key, { columns, scopes: rules.scopes }),
  }
}

type Config = ReturnType<typeof getTableConfig>

function keyOf(config: Config): string[] {
  const composite = config.primaryKeys[0]?.columns
  return (composite ?? config.columns.filter((column) => column.primary)).map((column) => column.name)
}

function checkKey(table: string, key: string[], problems: Problem[]): void {
  if (key.length > 0) return
  problems.push({
    table,
    problem: 'the table has no primary key, so its rows have no name',
    cure: 'declare one with .primaryKey() or primaryKey({ columns: [...] })',
  })
}

/** A client's insert names its key, so Postgres must take one. */
function checkMadeKey({ name: table, columns }: Config, key: string[], problems: Problem[]): void {
  for (const column of columns.filter(({ name }) => key.includes(name))) {
    if (!isGeneratedAlways(column)) continue
    problems.push({
      table,
      column: column.name,
      problem: 'Postgres always makes this key itself, so no client can insert',
      cure: 'use a uuid, since devices draw keys offline, or generatedByDefaultAsIdentity(), or make the table read-only: write: { <table>: false }',
    })
  }
}

type Named = { columns: ManifestColumn[]; scopes: ManifestScope[]; problems: Problem[] }

/** Key and scope columns must be synced, and of a type whose equal values have equal texts. */
function checkNames(table: string, key: string[], { columns, scopes, problems }: Named): void {
  const uses: [role: string, column: string][] = key.map((column) => ['primary key', column])
  for (const { scope, column, through } of scopes) {
    if (typeof column === 'string') uses.push([`key of scope ${scope}`, column])
    for (const name of through?.hops[0].columns ?? []) uses.push([`way to scope ${scope}`, name])
  }
  for (const [role, name] of uses) {
    const column = columns.find((candidate) => candidate.name === name)
    if (column === undefined) {
      problems.push({
        table,
        column: name,
        problem: `the column is the ${role} and is not synced`,
        cure: 'take it out of columns.<table>.exclude, and give it a supported type',
      })
    } else if (column.type.array || !isTextUnique(column.type)) {
      problems.push({
        table,
        column: name,
        problem: `${column.type.sql} cannot be the ${role}: equal values can have different texts`,
        cure: 'use a uuid, integer, text, date or numeric(p, s) column',
      })
    }
  }
}

function parentsOf(config: Config, scopes: ManifestScope[]): string[] {
  const names = [
    ...config.foreignKeys.map((foreignKey) => getTableName(foreignKey.reference().foreignTable)),
    ...scopes.flatMap(({ through }) => through?.hops[0].table ?? []),
  ]
  return [...new Set(names)].filter((name) => name !== config.name)
}

/** Those that a client may write. */
function constrainedOf(config: Config, key: string[], columns: ManifestColumn[]): string[] {
  const constrained = constrainedColumns(config)
  const written = columns.filter(({ name, readonly }) => !readonly && !key.includes(name))
  return written.map(({ name }) => name).filter((name) => constrained.has(name))
}

/**
 * Plain and unique indexes, unique constraints, foreign keys and scopes, as lists of columns. Left out: expressions,
 * partial indexes, columns that are not synced, and what the key or a longer index begins with anyway.
 */
function indexesOf(config: Config, key: string[], { columns, scopes }: Omit<Named, 'problems'>): string[][] {
  const wanted = [
    ...config.indexes.map(plainIndexColumns),
    ...config.uniqueConstraints.map((constraint) => constraint.columns.map(({ name }) => name)),
    ...config.columns.filter((column) => column.isUnique).map(({ name }) => [name]),
    ...config.foreignKeys.map((foreignKey) => foreignKey.reference().columns.map(({ name }) => name)),
    ...scopes.flatMap(({ column, through }) => {
      if (through !== undefined) return [through.hops[0].columns]
      return column === null ? [] : [[column]]
    }),
  ]
  const synced = wanted.filter(
    (names) => names.length > 0 && names.every((name) => columns.some((c) => c.name === name)),
  )
  const distinct = [...new Map(synced.map((names) => [JSON.stringify(names), names])).values()]
  const begins = (names: string[], other: string[]): boolean => names.every((name, i) => other[i] === name)
  return distinct.filter(
    (names) => !begins(names, key) && !distinct.some((other) => other !== names && begins(names, other)),
  )
}

function plainIndexColumns(index: Config['indexes'][number]): string[] {
  if (index.config.where !== undefined || !['btree', 'hash'].includes(index.config.method ?? 'btree'))
    return []
  const names = index.config.columns.map((column) => (is(column, IndexedColumn) ? column.name : undefined))
  return names.every((name) => name !== undefined) ? names : []
}
