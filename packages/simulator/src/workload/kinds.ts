/**
 * The kinds of work on one table, as statements that both databases take.
 *
 * A device's statements must not fail: it runs a transaction whole or not at all, and a plan with a failure in it would
 * say nothing about the rest. So an insert steps back before a row that is there. Another program's may break a
 * constraint of Postgres.
 */
import { chance, pick, sample } from './chance.ts'
import { growableColumns, growth } from './growth.ts'
import {
  assigned,
  type Cell,
  drawCell,
  drawKey,
  drawRow,
  drawScope,
  drawValue,
  type Draw,
  listed,
  matched,
  type Row,
  scopeColumns,
} from './rows.ts'
import { joined, name, names, type Statement, statement } from './statement.ts'
import type { PlanColumn, PlanTable } from './workload.ts'

export type Recipe = {
  /** Whether the table, written from this side, has what the work needs. */
  fits(table: PlanTable, written: readonly PlanColumn[]): boolean
  plan(draw: Draw): Statement[]
}

const anyTable = (_: PlanTable, written: readonly PlanColumn[]): boolean => written.length > 0

const insert: Recipe = {
  fits: anyTable,
  plan: (draw) => [statement`${insertion(draw, [drawRow(draw)])} on conflict do nothing`],
}

const insertMany: Recipe = {
  fits: anyTable,
  plan(draw) {
    const first = drawRow(draw)
    const columns = first.map(({ column }) => column)
    const more = Array.from({ length: 1 + draw.random.below(3) }, () =>
      columns.map((column) => drawCell(column, draw)),
    )
    return [statement`${insertion(draw, [first, ...more])} on conflict do nothing`]
  },
}

const upsert: Recipe = { fits: anyTable, plan: (draw) => [upsertion(draw, drawRow(draw))] }

const replace: Recipe = {
  fits: anyTable,
  plan: (draw) => [insertion(draw, [drawRow(draw)], 'insert or replace')],
}

const update: Recipe = {
  fits: (_, written) => written.some(isPlain),
  plan(draw) {
    const columns = sample(plainColumns(draw), 1 + draw.random.below(3), draw.random)
    return [statement`update ${draw.table} set ${drawn(columns, draw)} where ${matched(drawKey(draw))}`]
  },
}

/** Unique columns stay out: all rows would get the same value. */
const updateScope: Recipe = {
  fits: (_, written) => written.some((column) => isPlain(column) && !column.isUnique),
  plan(draw) {
    const shared = plainColumns(draw).filter(({ isUnique }) => !isUnique)
    const columns = sample(shared, 1 + draw.random.below(2), draw.random)
    return [statement`update ${draw.table} set ${drawn(columns, draw)} where ${drawScope(draw)}`]
  },
}

const increment: Recipe = {
  fits: (_, written) => growableColumns(written).length > 0,
  plan(draw) {
    const column = pick(growableColumns(draw.table.written[draw.dialect]), draw.random)
    const { set, within } = growth(column, draw.dialect, pick([1, 1, 5, -1], draw.random))
    const where = chance(0.8, draw.random) ? matched(drawKey(draw)) : drawScope(draw)
    return [statement`update ${draw.table} set ${set} where ${where} and ${within}`]
  },
}

const deleteOne: Recipe = { fits: anyTable, plan: (draw) => [deletion(draw, matched(drawKey(draw)))] }

const deleteScope: Recipe = { fits: anyTable, plan: (draw) => [deletion(draw, drawScope(draw))] }

const reinsert: Recipe = {
  fits: (table, written) => table.key.every((column) => written.includes(column)),
  plan(draw) {
    const key = drawKey(draw)
    return [deletion(draw, matched(key)), insertion(draw, [drawRow(draw, key)])]
  },
}

/** On a device, half of them take the place of the row that has the key. */
const rekey: Recipe = {
  fits: (table, written) => table.key.every((column) => written.includes(column)),
  plan(draw) {
    const { table, dialect, random } = draw
    const cell = drawCell(pick(table.key, random), draw)
    if (dialect === 'postgres') return [rekeyOneThatIs(draw, cell)]
    const old = drawKey(draw)
    const next = old.map((other) => (other.column === cell.column ? cell : other))
    if (chance(0.5, random))
      return [statement`update or replace ${table} set ${assigned([cell])} where ${matched(old)}`]
    const free = statement`not exists (select 1 from ${table} where ${matched(next)})`
    return [statement`update ${table} set ${assigned([cell])} where ${matched(old)} and ${free}`]
  },
}

/** A row that is there. */
function rekeyOneThatIs({ table, random }: Draw, cell: Cell): Statement {
  const key = names(table.key)
  const nth = String(random.below(8))
  const place = statement`(select ${nth} % greatest(count(*), 1) from ${table})`
  const found = statement`select ${key} from ${table} order by ${key} offset ${place} limit 1`
  const free = statement`not exists (select 1 from ${table} where ${matched([cell])})`
  return statement`update ${table} set ${assigned([cell])} where (${key}) = (${found}) and ${free}`
}

const move: Recipe = {
  fits: (table, written) => movableColumns(table, written).length > 0,
  plan(draw) {
    const { table, random, dialect } = draw
    const column = pick(movableColumns(table, table.written[dialect]), random)
    const to = { column, value: { column: column.column, wire: pick(column.pool ?? [], random) } }
    const where = chance(0.8, random) ? matched(drawKey(draw)) : drawScope(draw)
    return [statement`update ${table} set ${assigned([to])} where ${where}`]
  },
}

const noop: Recipe = {
  fits: (_, written) => written.some(isPlain),
  plan(draw) {
    const columns = sample(plainColumns(draw), 1 + draw.random.below(2), draw.random)
    const same = columns.map((column) => `${name(column)} = ${name(column)}`).join(', ')
    const where = chance(0.7, draw.random) ? matched(drawKey(draw)) : drawScope(draw)
    return [statement`update ${draw.table} set ${same} where ${where}`]
  },
}

/** With the tables that point to it: Postgres truncates them together or not at all. */
const truncate: Recipe = {
  fits: anyTable,
  plan: ({ table }) => [statement`truncate ${table} cascade`],
}

/** Each kind by its name in the weights. */
export const RECIPES = {
  insert,
  insertMany,
  upsert,
  replace,
  update,
  updateScope,
  increment,
  delete: deleteOne,
  deleteScope,
  reinsert,
  rekey,
  move,
  noop,
  truncate,
}

function insertion({ table }: Draw, rows: readonly Row[], verb = 'insert'): Statement {
  const columns = (rows[0] ?? []).map(({ column }) => column)
  return statement`${verb} into ${table} (${names(columns)}) values ${joined(rows.map(listed), ', ')}`
}

export function upsertion(draw: Draw, row: Row): Statement {
  const columns = row.map(({ column }) => column).filter(({ isKey }) => !isKey)
  const set = columns.map((column) => `${name(column)} = excluded.${name(column)}`).join(', ')
  const action = set === '' ? 'do nothing' : `do update set ${set}`
  return statement`${insertion(draw, [row])} on conflict (${names(draw.table.key)}) ${action}`
}

export const deletion = ({ table }: Draw, where: Statement): Statement =>
  statement`delete from ${table} where ${where}`

const isPlain = ({ isKey }: PlanColumn): boolean => !isKey

const plainColumns = ({ table, dialect }: Draw): PlanColumn[] => table.written[dialect].filter(isPlain)

const drawn = (columns: readonly PlanColumn[], draw: Draw): Statement =>
  assigned(
    columns.map((column) => ({ column, value: { column: column.column, wire: drawValue(column, draw) } })),
  )

const movableColumns = (table: PlanTable, written: readonly PlanColumn[]): PlanColumn[] =>
  scopeColumns(table).filter((column) => isPlain(column) && written.includes(column))
