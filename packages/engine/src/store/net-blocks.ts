/**
 * Changed rows, as columns of stored values, into change blocks: rows with the same operation and columns together.
 */
import { LandfallError, type ChangeBlock, type Operation, type WireValue } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import { quoteSqliteLiteral } from '@landfall/schema/internal'
import { encodeColumn, keyAt, placeOf, type Encoder } from './encode-column.ts'
import type { MirrorColumn, MirrorTable } from './mirror-table.ts'
import { sameValue } from './same-value.ts'

/** `firsts`: when each row was first touched. */
export type NetBlock = { block: ChangeBlock; firsts: number[] }

/** The rows as they were read, with the moment of each. */
export type ChangedRows = Encoder & { firsts: number[] }

/** One column of changed rows, one value per row. */
type Draft = {
  name: string
  old: WireValue[]
  new: WireValue[]
  /** Per row whether the column belongs to its change; null: to all. */
  belongs: boolean[] | null
}

type Drafts = {
  table: MirrorTable
  operation: Operation
  keys: WireValue[][]
  firsts: number[]
  columns: Draft[]
}

/**
 * NULL is left out where Postgres may not take it, and where the device does not know the default: then it may be an
 * insert that left the column out, and Postgres fills it in. Where it knows the default, NULL is what was written. `formerly`: the values that a column had in the
 * rows that the transaction found.
 */
export function insertBlocks(
  encoder: ChangedRows,
  columns: SqliteValue[][],
  formerly: (column: MirrorColumn) => SqliteValue[],
): NetBlock[] {
  const { table, firsts } = encoder
  const drafts = table.columns.flatMap((column, position) => {
    const values = columns[position] ?? []
    const { name, definition } = column
    if (definition.readonly) {
      checkUnwritten(encoder, column, { values, formerly })
      return []
    }
    const isLeft = !definition.nullable || (definition.hasDefault && definition.localDefault === null)
    const leavesOut = isLeft && values.includes(null)
    const belongs = leavesOut ? values.map((value) => value !== null) : null
    return { name, old: [], new: encodeColumn(encoder, column, { values }), belongs }
  })
  const keys = table.key.map(({ name }) => drafts.find((draft) => draft.name === name)?.new ?? [])
  return blocksOf({ table, operation: 'insert', keys, firsts, columns: drafts })
}

export type Pair = { column: MirrorColumn; before: SqliteValue[]; now: SqliteValue[] }

/** Rows that differ in nothing drop out. */
export function updateBlocks(encoder: ChangedRows, pairs: Pair[]): NetBlock[] {
  const { table, firsts } = encoder
  const keys = table.key.map(({ codec }, index) =>
    (encoder.keys[index] ?? []).map((key) => codec.toWire(key)),
  )
  const columns = pairs.map((pair) => diffColumn(encoder, pair))
  return blocksOf({ table, operation: 'update', keys, firsts, columns })
}

/** Values that are stored alike are not even encoded. */
function diffColumn(encoder: Encoder, { column, before, now }: Pair): Draft {
  const rows: number[] = []
  for (let row = 0; row < now.length; row++) {
    if (!sameValue(now[row] ?? null, before[row] ?? null)) rows.push(row)
  }
  const values = rows.map((row) => now[row] ?? null)
  const wire = encodeColumn(encoder, column, { values, rows })
  const draft = { name: column.name, old: empty(now), new: empty(now), belongs: now.map(() => false) }
  rows.forEach((row, index) => {
    const old = column.codec.toWire(before[row] ?? null)
    if (wire[index] === old) return
    if (column.definition.readonly) return keepReadonly(encoder, column, { row, before, now })
    draft.old[row] = old
    draft.new[row] = wire[index] ?? null
    draft.belongs[row] = true
  })
  return draft
}

const empty = (like: SqliteValue[]): WireValue[] => like.map(() => null)

export function deleteBlocks(table: MirrorTable, columns: SqliteValue[][], firsts: number[]): NetBlock[] {
  const drafts = table.columns.map(({ name, codec }, position) => ({
    name,
    old: (columns[position] ?? []).map((value) => codec.toWire(value)),
    new: [],
    belongs: null,
  }))
  const keys = table.keyPositions.map((position) => drafts[position]?.old ?? [])
  return blocksOf({ table, operation: 'delete', keys, firsts, columns: drafts })
}

function blocksOf(drafts: Drafts): NetBlock[] {
  const partial = drafts.columns.filter(({ belongs }) => belongs?.includes(false))
  const all = drafts.keys[0] ?? []
  if (all.length === 0) return []
  if (partial.length === 0) return [blockOf(drafts, drafts.columns, null)]
  const groups = new Map<string, number[]>()
  all.forEach((_, row) => {
    const signature = partial.map(({ belongs }) => (belongs?.[row] ? '1' : '0')).join('')
    const group = groups.get(signature)
    if (group === undefined) groups.set(signature, [row])
    else group.push(row)
  })
  return [...groups.values()].flatMap((rows) => {
    const own = drafts.columns.filter(({ belongs }) => belongs === null || belongs[rows[0] ?? 0])
    return own.length === 0 ? [] : blockOf(drafts, own, rows)
  })
}

/** `rows` null: all of them, as they stand. */
function blockOf(drafts: Drafts, columns: Draft[], rows: number[] | null): NetBlock {
  const { table, operation, keys, firsts } = drafts
  const pick = (values: WireValue[]): WireValue[] =>
    rows === null ? values : rows.map((row) => values[row] ?? null)
  const block = {
    table: table.name,
    operation,
    columns: columns.map(({ name }) => name),
    keys: keys.map(pick),
    old: operation === 'insert' ? [] : columns.map((column) => pick(column.old)),
    new: operation === 'delete' ? [] : columns.map((column) => pick(column.new)),
  }
  return { block, firsts: rows === null ? firsts : rows.map((row) => firsts[row] ?? 0) }
}

/**
 * An insert may leave a readonly column at NULL or at its local default: the app did not write it. Neither did it write
 * what a row brings along that gets another key.
 */
function checkUnwritten(
  encoder: Encoder,
  column: MirrorColumn,
  { values, formerly }: { values: SqliteValue[]; formerly: (column: MirrorColumn) => SqliteValue[] },
): void {
  const isWritten = (value: SqliteValue): boolean => !isUnwritten(column, value)
  if (!values.some(isWritten)) return
  const former = formerly(column)
  const row = values.findIndex(
    (value) => isWritten(value) && !former.some((other) => sameValue(value, other)),
  )
  if (row >= 0) throw new LandfallError('readonly_column', placeOf(encoder, column, row))
}

/** A row that was deleted and made again (`REPLACE`) has lost the values that the app may not write: it gets them back. */
function keepReadonly(
  encoder: Encoder,
  column: MirrorColumn,
  { row, before, now }: Pick<Pair, 'before' | 'now'> & { row: number },
): void {
  if (!isUnwritten(column, now[row] ?? null))
    throw new LandfallError('readonly_column', placeOf(encoder, column, row))
  encoder.corrections.push({ key: keyAt(encoder, row), column, value: before[row] ?? null })
}

const isUnwritten = (column: MirrorColumn, value: SqliteValue): boolean =>
  value === null || isLocalDefault(column, value)

/** An expression as a default can give anything. */
function isLocalDefault({ definition: { localDefault } }: MirrorColumn, value: SqliteValue): boolean {
  if (localDefault === null) return false
  return localDefault.startsWith('(') || localDefault === quoteSqliteLiteral(value)
}
