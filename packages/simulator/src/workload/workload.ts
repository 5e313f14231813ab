/**
 * A workload: everything a plan draws from, worked out once from the sync definition. It looks at no database.
 *
 * A plan is therefore a function of its workload and its seed: it can be made again, and shrunk by leaving steps out.
 * Whatever the drawn statements meet, a row or none, is the run's business.
 */
import type { ManifestColumn, ManifestTable, WireValue } from '@landfall/protocol'
import type { SyncDefinition } from '@landfall/schema'
import { getTableName } from 'drizzle-orm'
import { type Constraints, type Link, readConstraints } from './links.ts'
import { poolOf, type ScopeKeys } from './pools.ts'
import { WEIGHTS, type Weights } from './weights.ts'

export type Dialect = 'sqlite' | 'postgres'

export type PlanColumn = {
  column: ManifestColumn
  /** The values it is drawn from; null: any value. */
  pool: readonly WireValue[] | null
  isKey: boolean
  isUnique: boolean
}

export type PlanTable = {
  manifest: ManifestTable
  columns: readonly PlanColumn[]
  key: readonly PlanColumn[]
  /** The columns that each side may write; none where a device may write no row at all. */
  written: { readonly [Side in Dialect]: readonly PlanColumn[] }
  links: readonly Link[]
}

export type Workload = {
  tables: readonly PlanTable[]
  weights: Weights
  /** The fraction of values in unique columns that are likely to stand in another row already. */
  unique: number
}

export type WorkloadOptions = {
  sync: Pick<SyncDefinition, 'manifest' | 'tables'>
  /** Scope keys to work in; a scope that is not named gets keys of the workload's own. */
  scopes?: ScopeKeys
  /** How many values a key column has. Small, so that statements hit the same rows. */
  keys?: number
  unique?: number
  weights?: Partial<Weights>
}

export function createWorkload(options: WorkloadOptions): Workload {
  const { sync, scopes = {}, keys = 6, unique = 0.2, weights = {} } = options
  const { tables } = sync.manifest
  const constraints = new Map(
    Object.values(sync.tables).map((table) => [getTableName(table), readConstraints(table, tables)]),
  )
  const links = new Map([...constraints].map(([name, found]) => [name, found.links]))
  const source = { tables, links, scopes, size: keys }
  return {
    tables: tables.map((table) => {
      const pool = (column: ManifestColumn): WireValue[] | null => poolOf(source, table, column)
      return planTable(table, constraints.get(table.name) ?? NONE, pool)
    }),
    weights: { ...WEIGHTS, ...weights },
    unique,
  }
}

const NONE: Constraints = { links: [], unique: new Set(), generated: new Set() }

function planTable(
  manifest: ManifestTable,
  { links, unique, generated }: Constraints,
  pool: (column: ManifestColumn) => WireValue[] | null,
): PlanTable {
  const columns = manifest.columns.map((column) => ({
    column,
    pool: pool(column),
    isKey: manifest.key.includes(column.name),
    isUnique: unique.has(column.name),
  }))
  const local = columns.filter(({ column }) => !column.readonly)
  const mayWrite = isWritable(manifest) && manifest.key.every((name) => local.some(named(name)))
  return {
    manifest,
    columns,
    key: manifest.key.flatMap((name) => columns.filter(named(name))),
    written: {
      sqlite: mayWrite ? local : [],
      postgres: columns.filter(({ column }) => !generated.has(column.name)),
    },
    links,
  }
}

/** A table that stands in nothing but whole-table scopes is read-only for devices. */
const isWritable = ({ write }: ManifestTable): boolean => write.length > 0

const named =
  (name: string) =>
  ({ column }: PlanColumn): boolean =>
    column.name === name
