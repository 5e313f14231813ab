/**
 * The orders in which a changeset that failed by a constraint is tried again (P2.4).
 *
 * 1. that of its steps, with what rows held in between;
 * 2. by tables, deletes first: SQLite's mirror has no constraints, so an app may reuse a value before it is free;
 * 3. by tables, parents first, cycles closed: a reference inside a cycle is empty until all rows are there, and is
 *    emptied before a row of the cycle goes;
 * 4. that of its steps with cycles closed, for references that only the database declares.
 *
 * Pure. Nothing is deleted and inserted again to free a value: cascades and the host's triggers would run.
 */
import type { ManifestTable, Step, WireValue } from '@landfall/protocol'
import { type CheckedBlock, type CheckedChangeset, rowsOf } from '../batch.ts'
import { type ForeignKey, looseInCycles, tablesInOrder, takenAlong } from './foreign-keys.ts'

/** One row's net change, or what it holds in between. */
export type Move = { block: number; row: number; values: Values | null }

export type Values = { [column: string]: WireValue }

export type OrderContext = { tables: readonly ManifestTable[]; foreignKeys: readonly ForeignKey[] }

/** More statements than this are not tried: one changeset would hold its locks for long. */
const MOST_STATEMENTS = 5_000

/** Without those that were tried before: writes first, by tables, and each other. */
export function ordersOf(changeset: CheckedChangeset, context: OrderContext): Move[][] {
  const steps = childrenFirst(changeset.steps.flatMap(movesOf), changeset, context)
  const writesFirst = byTable(changeset.blocks, context, 'last')
  const orders = [
    steps,
    byTable(changeset.blocks, context, 'first'),
    closeCycles(writesFirst, changeset, context),
    closeCycles(steps, changeset, context),
  ]
  const isTried = !changeset.blocks.some((block) => rowsOf(block) > 1 && isAlone(block, context))
  const tried = new Set(isTried ? [JSON.stringify(writesFirst)] : [])
  return orders.filter((moves) => {
    const text = JSON.stringify(moves)
    const isNew = !tried.has(text) && statements(moves, changeset, context) <= MOST_STATEMENTS
    tried.add(text)
    return isNew
  })
}

const movesOf = (step: Step): Move[] =>
  'values' in step
    ? [step]
    : Array.from({ length: step.count }, (_, i) => ({ block: step.block, row: step.row + i, values: null }))

/**
 * A parent's deletion would take along children that the changeset deletes by itself a moment later, and with them what
 * others have written to them unseen (P7): so those go first.
 */
function childrenFirst(moves: Move[], { blocks }: CheckedChangeset, { foreignKeys }: OrderContext): Move[] {
  const tableOf = ({ block, values }: Move): string | null => {
    const found = values === null ? blocks[block] : undefined
    return found?.operation === 'delete' ? found.table.name : null
  }
  const placed = new Set<Move>()
  const ordered: Move[] = []
  const place = (move: Move): void => {
    if (placed.has(move)) return
    placed.add(move)
    ordered.push(move)
  }
  const passed = new Set<string>()
  for (const move of moves) {
    const table = tableOf(move)
    if (table !== null && !passed.has(table)) {
      passed.add(table)
      for (const child of takenAlong(foreignKeys, table)) {
        for (const other of moves) if (tableOf(other) === child) place(other)
      }
    }
    place(move)
  }
  return ordered
}

function byTable(blocks: readonly CheckedBlock[], context: OrderContext, deletes: 'first' | 'last'): Move[] {
  const places = new Map(tablesInOrder(context.tables, context.foreignKeys).map(({ name }, i) => [name, i]))
  const placeOf = ({ table, operation }: CheckedBlock): number[] => {
    const place = places.get(table.name) ?? 0
    if (operation !== 'delete') return [0, place, operation === 'insert' ? 0 : 1]
    return [deletes === 'first' ? -1 : 1, -place, 0]
  }
  const numbered = blocks.map((block, number) => ({ number, count: rowsOf(block), place: placeOf(block) }))
  numbered.sort((a, b) => a.place.map((p, i) => p - (b.place[i] ?? 0)).find((d) => d !== 0) ?? 0)
  return numbered.flatMap(({ number: block, count }) => movesOf({ block, row: 0, count }))
}

/** Rows that are told what they hold in between are left to that. */
function closeCycles(moves: Move[], { blocks }: CheckedChangeset, { foreignKeys }: OrderContext): Move[] {
  const loose = looseInCycles(foreignKeys)
  if (loose.size === 0) return moves
  const told = new Set(moves.flatMap(({ block, row, values }) => (values === null ? [] : `${block} ${row}`)))
  const first: Move[] = []
  const middle: Move[] = []
  const last: Move[] = []
  for (const move of moves) {
    const block = blocks[move.block]
    const isOpen = block !== undefined && !told.has(`${move.block} ${move.row}`)
    const values = isOpen ? emptied(block, loose.get(block.table.name) ?? [], move.row) : {}
    if (Object.keys(values).length === 0) middle.push(move)
    else if (block?.operation === 'insert') {
      middle.push({ ...move, values })
      last.push(move)
    } else {
      first.push({ ...move, values })
      middle.push(move)
    }
  }
  return [...first, ...middle, ...last]
}

/** The references that a row brings along, or leaves behind. */
function emptied(
  { operation, columns, old, new: after }: CheckedBlock,
  loose: string[],
  row: number,
): Values {
  if (operation === 'update') return {}
  const side = operation === 'insert' ? after : old
  const names = loose.filter((name) => {
    const c = columns.findIndex((column) => column.name === name)
    return (side[c]?.[row] ?? null) !== null
  })
  return Object.fromEntries(names.map((name) => [name, null]))
}

/** Rows whose order within their block can matter: each is written by a statement of its own. */
export function isAlone({ table, operation, columns }: CheckedBlock, { foreignKeys }: OrderContext): boolean {
  if (operation === 'insert') return false
  const own = foreignKeys.filter(({ child }) => child === table.name)
  if (operation === 'delete') return own.some(({ parent, restricts }) => restricts && parent === table.name)
  return columns.some(
    ({ name }) => table.constrained.includes(name) || own.some((each) => each.columns.includes(name)),
  )
}

/** Runs of rows that one statement writes, and single moves. */
export function groupMoves(moves: Move[], { blocks }: CheckedChangeset, context: OrderContext): Move[][] {
  const alone = blocks.map((block) => isAlone(block, context))
  const told = new Set(moves.flatMap(({ block, row, values }) => (values === null ? [] : `${block} ${row}`)))
  const isSingle = ({ block, row }: Move): boolean => (alone[block] ?? true) || told.has(`${block} ${row}`)
  const groups: Move[][] = []
  for (const move of moves) {
    const group = groups.at(-1)
    const last = group?.at(-1)
    if (group && last && last.block === move.block && !isSingle(last) && !isSingle(move)) group.push(move)
    else groups.push([move])
  }
  return groups
}

const statements = (moves: Move[], changeset: CheckedChangeset, context: OrderContext): number =>
  groupMoves(moves, changeset, context).length
