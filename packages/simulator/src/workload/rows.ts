/**
 * Keys, rows and single values of a table, drawn for one statement.
 *
 * A row has what Postgres demands and most of the rest; a column that is left out gets its default. Unique columns
 * get a value of their own, but for the fraction that is meant to collide.
 */
import type { WireValue } from '@landfall/protocol'
import type { SeededRandom } from '@landfall/testkit'
import { chance, pick } from './chance.ts'
import { derivedValue } from './derived-value.ts'
import { joined, name, type Statement, statement, type Value } from './statement.ts'
import { randomValue } from './values.ts'
import type { Dialect, PlanColumn, PlanTable, Workload } from './workload.ts'

/** What a statement is drawn for: one table, one database's spelling. */
export type Draw = { workload: Workload; table: PlanTable; dialect: Dialect; random: SeededRandom }

export type Cell = { column: PlanColumn; value: Value }
export type Row = readonly Cell[]

const NULL_ODDS = 0.1
const GIVEN_ODDS = 0.75
const COLLIDING = 3
const DISTINCT = 2 ** 31

export function drawValue(column: PlanColumn, { workload, table, random }: Draw): WireValue {
  const { type, nullable } = column.column
  if (column.pool !== null) return nullable && chance(NULL_ODDS, random) ? null : pick(column.pool, random)
  if (!column.isUnique) return randomValue(column.column, random)
  const n = chance(workload.unique, random) ? random.below(COLLIDING) : random.below(DISTINCT)
  return derivedValue(type, table.manifest.name, n)
}

export function drawCell(column: PlanColumn, draw: Draw): Cell {
  return { column, value: { column: column.column, wire: drawValue(column, draw) } }
}

export const drawKey = (draw: Draw): Row => draw.table.key.map((column) => drawCell(column, draw))

/** A whole row; `given` cells stand as they are. */
export function drawRow(draw: Draw, given: Row = []): Row {
  return draw.table.written[draw.dialect].flatMap((column) => {
    const cell = given.find((candidate) => candidate.column === column)
    if (cell !== undefined) return [cell]
    const isGiven = isRequired(column) || chance(GIVEN_ODDS, draw.random)
    return isGiven ? [drawCell(column, draw)] : []
  })
}

const isRequired = ({ column, isKey }: PlanColumn): boolean =>
  isKey || !(column.nullable || column.hasDefault)

/** `"a" = ..., "b" = ...`, as an assignment. */
export const assigned = (cells: Row): Statement =>
  joined(
    cells.map(({ column, value }) => statement`${name(column)} = ${value}`),
    ', ',
  )

/** `"a" = ... and "b" = ...`, of cells without NULL. */
export const matched = (cells: Row): Statement =>
  joined(
    cells.map(({ column, value }) => statement`${name(column)} = ${value}`),
    ' and ',
  )

/** `(..., ...)` */
export const listed = (cells: Row): Statement =>
  statement`(${joined(
    cells.map(({ value }) => [value]),
    ', ',
  )})`

/** The column that names the rows of one of the table's scopes; undefined where all rows belong to all. */
export function scopeColumn({ table, random }: Draw): PlanColumn | undefined {
  const columns = scopeColumns(table)
  return columns.length === 0 ? undefined : pick(columns, random)
}

export const scopeColumns = ({ manifest, columns }: PlanTable): PlanColumn[] =>
  columns.filter(({ column }) => manifest.scopes.some((scope) => scope.column === column.name))

/** The rows of one scope, or all rows of a table that has none. */
export function drawScope(draw: Draw): Statement {
  const column = scopeColumn(draw)
  if (column === undefined) return statement`1 = 1`
  return matched([{ column, value: { column: column.column, wire: pick(column.pool ?? [], draw.random) } }])
}
