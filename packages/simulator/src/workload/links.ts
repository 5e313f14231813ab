/**
 * What the manifest does not say and the Drizzle tables do: which columns point to which, which are unique, and which
 * Postgres alone may write.
 *
 * Left out are foreign keys to tables or columns that are not synced, and unique indexes over expressions or part of
 * a table.
 */
import type { ManifestTable } from '@landfall/protocol'
import { getTableName, is } from 'drizzle-orm'
import { getTableConfig, IndexedColumn, type PgTable } from 'drizzle-orm/pg-core'

/** A foreign key: `columns[i]` of the child points to `parentColumns[i]`. */
export type Link = {
  parent: string
  columns: string[]
  parentColumns: string[]
  /** The parent's column that the child's column points to. */
  parentColumn(column: string): string | undefined
  targets(table: string, column: string): boolean
}

export type Constraints = {
  links: Link[]
  /** Columns in a unique constraint or index, the primary key's left out. */
  unique: Set<string>
  /** Generated columns and identities that are always generated. */
  generated: Set<string>
}

export function readConstraints(table: PgTable, synced: readonly ManifestTable[]): Constraints {
  const config = getTableConfig(table)
  const links = config.foreignKeys.map((foreignKey) => {
    const { columns, foreignColumns, foreignTable } = foreignKey.reference()
    return linkOf(getTableName(foreignTable), columns.map(nameOf), foreignColumns.map(nameOf))
  })
  const generated = config.columns.filter(
    (column) => column.generated !== undefined || column.generatedIdentity?.type === 'always',
  )
  return {
    links: links.filter((link) => isSynced(link, config.name, synced)),
    unique: new Set([
      ...config.columns.filter((column) => column.isUnique).map(nameOf),
      ...config.uniqueConstraints.flatMap((constraint) => constraint.columns.map(nameOf)),
      ...config.indexes.flatMap(uniqueIndexColumns),
    ]),
    generated: new Set(generated.map(nameOf)),
  }
}

const nameOf = ({ name }: { name: string }): string => name

function linkOf(parent: string, columns: string[], parentColumns: string[]): Link {
  return {
    parent,
    columns,
    parentColumns,
    parentColumn: (column) => parentColumns[columns.indexOf(column)],
    targets: (table, column) => table === parent && parentColumns.includes(column),
  }
}

function isSynced(link: Link, child: string, tables: readonly ManifestTable[]): boolean {
  const has = (table: string, columns: string[]): boolean => {
    const known = tables.find(({ name }) => name === table)?.columns.map(nameOf)
    return known !== undefined && columns.every((column) => known.includes(column))
  }
  return has(child, link.columns) && has(link.parent, link.parentColumns)
}

type Index = ReturnType<typeof getTableConfig>['indexes'][number]

function uniqueIndexColumns({ config }: Index): string[] {
  if (!config.unique || config.where !== undefined) return []
  const names = config.columns.map((column) => (is(column, IndexedColumn) ? column.name : undefined))
  return names.every((name) => name !== undefined) ? names : []
}
