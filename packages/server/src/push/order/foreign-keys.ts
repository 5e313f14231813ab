/**
 * The foreign keys between synced tables, as Postgres has them: which rows must be there before others.
 *
 * Drizzle may not declare them all, and those that it declares may not exist. They are read once a process, and again
 * when a changeset fails by a constraint, since a migration may have changed them.
 */
import type { Manifest, ManifestTable } from '@landfall/protocol'
import { parentsFirst } from '@landfall/schema/internal'
import { scopeColumns } from '../../sql/scope-sql.ts'
import type { Tx } from '../../database/database.ts'

export type ForeignKey = {
  child: string
  parent: string
  /** Of the child. */
  columns: string[]
  /** A column that is empty until the parent is there; null: none may be, or a client may not write it. */
  loose: string | null
  /** Whether not even a statement's end is awaited: ON DELETE RESTRICT. */
  restricts: boolean
  /** Whether a deleted parent changes or takes along its children: CASCADE, SET NULL, SET DEFAULT. */
  cascades: boolean
}

export type Catalog = {
  foreignKeys(tx: Tx): Promise<readonly ForeignKey[]>
  readAgain(tx: Tx): Promise<readonly ForeignKey[]>
}

export function createCatalog({ tables }: Manifest): Catalog {
  let known: readonly ForeignKey[] | null = null
  const catalog: Catalog = {
    foreignKeys: async (tx) => known ?? (await catalog.readAgain(tx)),
    async readAgain(tx) {
      known = await readForeignKeys(tx, tables)
      return known
    },
  }
  return catalog
}

async function readForeignKeys(tx: Tx, tables: readonly ManifestTable[]): Promise<ForeignKey[]> {
  const synced = JSON.stringify(tables.map(({ schema, name }) => ({ schema, name })))
  const rows = await tx.query(
    `
    WITH synced AS (
      SELECT c.oid, c.relname
      FROM json_to_recordset($1::json) AS s(schema text, name text)
      JOIN pg_namespace AS n ON n.nspname = s.schema
      JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = s.name
    )
    SELECT child.relname::text AS child, parent.relname::text AS parent, (k.confdeltype = 'r')::text AS restricts,
      (k.confdeltype IN ('c', 'n', 'd'))::text AS cascades,
      to_json(ARRAY(
        SELECT a.attname::text
        FROM unnest(k.conkey) WITH ORDINALITY AS u(number, place)
        JOIN pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = u.number
        ORDER BY u.place
      ))::text AS columns
    FROM pg_constraint AS k
    JOIN synced AS child ON child.oid = k.conrelid
    JOIN synced AS parent ON parent.oid = k.confrelid
    WHERE k.contype = 'f' AND k.conparentid = 0
    ORDER BY k.oid`,
    [synced],
  )
  return rows.flatMap((row) => {
    const child = tables.find(({ name }) => name === row['child'])
    const columns = JSON.parse(row['columns'] ?? '[]') as string[]
    const parent = row['parent'] ?? ''
    const restricts = row['restricts'] === 'true'
    const cascades = row['cascades'] === 'true'
    const loose = child ? looseColumn(child, columns) : null
    return child ? { child: child.name, parent, columns, loose, restricts, cascades } : []
  })
}

/** One empty column ends the reference. */
function looseColumn(table: ManifestTable, names: readonly string[]): string | null {
  const loose = table.columns.find(
    ({ name, nullable, readonly }) =>
      names.includes(name) &&
      nullable &&
      !readonly &&
      !table.key.includes(name) &&
      table.scopes.every((scope) => !scopeColumns(scope).includes(name)),
  )
  return loose?.name ?? null
}

/** Parents before children; inside a cycle the order is the manifest's. */
export function tablesInOrder(
  tables: readonly ManifestTable[],
  foreignKeys: readonly ForeignKey[],
): ManifestTable[] {
  const parentsOf = (child: string): string[] =>
    foreignKeys.filter((each) => each.child === child).map(({ parent }) => parent)
  const byName = new Map(tables.map((table) => [table.name, table]))
  const sorted = parentsFirst(tables.map((table) => ({ ...table, parents: parentsOf(table.name) })))
  return sorted.flatMap(({ name }) => byName.get(name) ?? [])
}

/** By child: the loose columns of its foreign keys that close a cycle, a table's own reference to itself included. */
export function looseInCycles(foreignKeys: readonly ForeignKey[]): Map<string, string[]> {
  const loose = new Map<string, string[]>()
  for (const { child, parent, loose: column } of foreignKeys) {
    if (column === null || !reaches(foreignKeys, parent, child)) continue
    loose.set(child, [...(loose.get(child) ?? []), column])
  }
  return loose
}

/** The tables whose rows a deletion may take along, the table itself left out, grandchildren before children. */
export function takenAlong(foreignKeys: readonly ForeignKey[], table: string): string[] {
  const found: string[] = [table]
  for (let i = 0; i < found.length; i++) {
    const below = foreignKeys.filter(({ parent, cascades }) => cascades && parent === found[i])
    for (const { child } of below) if (!found.includes(child)) found.push(child)
  }
  return found.slice(1).reverse()
}

function reaches(foreignKeys: readonly ForeignKey[], from: string, to: string): boolean {
  const seen = new Set<string>()
  const open = [from]
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (at === to) return true
    if (seen.has(at)) continue
    seen.add(at)
    open.push(...foreignKeys.filter(({ child }) => child === at).map(({ parent }) => parent))
  }
  return false
}
