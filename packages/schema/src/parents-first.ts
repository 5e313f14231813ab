/** Sorts tables so that parents come before children; inside a cycle of foreign keys the order is as given. */
import type { ManifestTable } from '@landfall/protocol'

export function parentsFirst(tables: ManifestTable[]): ManifestTable[] {
  const byName = new Map(tables.map((table) => [table.name, table]))
  const sorted = new Set<ManifestTable>()
  const visiting = new Set<ManifestTable>()
  const visit = (table: ManifestTable): void => {
    if (sorted.has(table) || visiting.has(table)) return
    visiting.add(table)
    for (const parent of table.parents) {
      const found = byName.get(parent)
      if (found !== undefined) visit(found)
    }
    sorted.add(table)
  }
  for (const table of tables) visit(table)
  return [...sorted]
}
