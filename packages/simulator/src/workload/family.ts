/**
 * Parent and child in one transaction: both written, the child pointing to the parent and standing in its scope, or
 * both deleted, children first.
 */
import { chance, pick } from './chance.ts'
import { deletion, type Recipe, upsertion } from './kinds.ts'
import { drawKey, drawRow, type Draw, matched, type Row } from './rows.ts'
import type { Statement } from './statement.ts'
import type { Link } from './links.ts'
import type { PlanTable } from './workload.ts'

/** Fits a table with a foreign key; whether its parent may be written shows when the family is planned. */
export const family: Recipe = {
  fits: (table, written) => written.length > 0 && table.links.length > 0,
  plan(draw) {
    const link = pick(draw.table.links, draw.random)
    const parent = draw.workload.tables.find(({ manifest }) => manifest.name === link.parent)
    if (parent === undefined) return []
    const above = { ...draw, table: parent }
    const row = parent.written[draw.dialect].length > 0 ? drawRow(above, wholeOf(above, link)) : null
    if (row === null) return [upsertion(draw, drawRow(draw))]
    return chance(0.7, draw.random) ? born(draw, { link, above, row }) : gone(draw, { link, above, row })
  },
}

type Bond = { link: Link; above: Draw; row: Row }

function born(draw: Draw, { link, above, row }: Bond): Statement[] {
  const child = drawRow(draw, inherited(draw.table, { link, above, row }))
  return [upsertion(above, row), upsertion(draw, child)]
}

function gone(draw: Draw, { link, above, row }: Bond): Statement[] {
  const pointing = inherited(draw.table, { link, above, row }).filter(({ column }) =>
    link.columns.includes(column.column.name),
  )
  const key = row.filter(({ column }) => column.isKey)
  return [deletion(draw, matched(pointing)), deletion(above, matched(key))]
}

/** The parent's key and the columns pointed to, so that its row has them. */
function wholeOf(above: Draw, link: Link): Row {
  const key = drawKey(above)
  const rest = drawRow(above).filter(
    ({ column }) => !column.isKey && link.parentColumns.includes(column.column.name),
  )
  return [...key, ...rest.filter(({ value }) => value.wire !== null)]
}

/** The child's cells that the parent's row decides: the foreign key, and the columns of scopes that both are in. */
function inherited(child: PlanTable, { link, above, row }: Bond): Row {
  return child.columns.flatMap((column) => {
    const { name } = column.column
    const source = link.parentColumn(name) ?? sharedScope(child, above.table, name)
    const cell = row.find((candidate) => candidate.column.column.name === source)
    return cell === undefined || cell.value.wire === null
      ? []
      : [{ column, value: { ...cell.value, column: column.column } }]
  })
}

function sharedScope(child: PlanTable, parent: PlanTable, column: string): string | undefined {
  const mine = child.manifest.scopes.find((scope) => scope.column === column)
  const theirs = parent.manifest.scopes.find(({ scope }) => scope === mine?.scope)
  return theirs?.column ?? undefined
}
