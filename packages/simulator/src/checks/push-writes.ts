/** What a push wants of each cell: the last value that it gives, and for counters the sum of its differences. */
import {
  type ChangeBlock,
  type Changeset,
  clampHlc,
  decodeHlc,
  encodeKey,
  type Hlc,
  type ManifestColumn,
  rowAt,
  rowCount,
  type WireValue,
} from '@landfall/protocol'
import type { RowSet } from './truth.ts'

/** One column of one row. */
export type CellName = { id: string; table: string; key: string; column: string }

export type CellWrite = CellName & {
  definition: ManifestColumn
  number: number
  /** Clamped to the server's time. */
  hlc: Hlc
  /** What the client has seen there: before the push's writes of the cell, and between them. */
  known: readonly WireValue[]
  mine: WireValue
  sum: bigint
}

export function cellName(table: string, key: string, column: string): CellName {
  return { id: `${table} ${key} ${column}`, table, key, column }
}

/** A device keeps the text of a jsonb value as it was written, Postgres prints its own: they cannot be compared. */
export const isExact = ({ type }: ManifestColumn): boolean => type.kind !== 'jsonb'

export function valueOf(rows: RowSet, { table: name, key, column }: CellName): WireValue | undefined {
  const known = rows.get(name)
  const row = known?.rows.get(key)
  const place = known?.table.columns.findIndex((each) => each.name === column) ?? -1
  return row === undefined || place < 0 ? undefined : (row[place] ?? null)
}

/** The last write of each cell; none for rows that the changesets delete at last. */
export function lastWrites(changesets: readonly Changeset[], rows: RowSet, serverMs: number): CellWrite[] {
  const writes = new Map<string, CellWrite>()
  for (const changeset of changesets) {
    for (const block of changeset.changes) {
      for (let r = 0; r < rowCount(block.keys); r++) {
        for (const write of writesOfRow(changeset, { block, r, rows, serverMs })) {
          const earlier = writes.get(write.id)
          if (write.operation === 'delete') writes.delete(write.id)
          else writes.set(write.id, earlier === undefined ? write : later(earlier, write))
        }
      }
    }
  }
  return [...writes.values()]
}

const later = (earlier: CellWrite, write: CellWrite): CellWrite => ({
  ...write,
  known: [...earlier.known, earlier.mine, ...write.known],
  sum: earlier.sum + write.sum,
})

type RowOfBlock = { block: ChangeBlock; r: number; rows: RowSet; serverMs: number }

function writesOfRow(
  { number, hlc }: Changeset,
  { block, r, rows, serverMs }: RowOfBlock,
): (CellWrite & { operation: string })[] {
  const { table, operation } = block
  const key = encodeKey(rowAt(block.keys, r))
  const stamp = clampHlc(decodeHlc(hlc), serverMs)
  return (rows.get(table)?.table.columns ?? []).flatMap((definition) => {
    const c = block.columns.indexOf(definition.name)
    if (c < 0) return []
    const old = block.old[c]?.[r] ?? null
    const mine = block.new[c]?.[r] ?? null
    const name = cellName(table, key, definition.name)
    return {
      ...name,
      definition,
      operation,
      number,
      hlc: stamp,
      known: [old],
      mine,
      sum: difference(definition, old, mine),
    }
  })
}

function difference({ policy, type }: ManifestColumn, old: WireValue, mine: WireValue): bigint {
  if (policy !== 'counter' || !type.kind.startsWith('int')) return 0n
  return BigInt(mine ?? 0) - BigInt(old ?? 0)
}

export type LastOperation = { table: string; key: string; operation: string; wasDeleted: boolean }

/** By row: what the changesets do with it at last, and whether they delete it on the way. */
export function lastOperations(changesets: readonly Changeset[]): Map<string, LastOperation> {
  const last = new Map<string, LastOperation>()
  for (const { table, operation, keys } of changesets.flatMap(({ changes }) => changes)) {
    for (let r = 0; r < rowCount(keys); r++) {
      const key = encodeKey(rowAt(keys, r))
      const id = `${table} ${key}`
      const wasDeleted = operation === 'delete' || (last.get(id)?.wasDeleted ?? false)
      last.set(id, { table, key, operation, wasDeleted })
    }
  }
  return last
}

export type OnlyDelete = { id: string; table: string; key: string; seen: ReadonlyMap<string, WireValue> }

/** The rows with which the changesets do nothing but delete them once, and the values that the client has seen there. */
export function onlyDeletes(changesets: readonly Changeset[]): OnlyDelete[] {
  const touched = new Map<string, OnlyDelete | null>()
  for (const { table, operation, columns, keys, old } of changesets.flatMap(({ changes }) => changes)) {
    for (let r = 0; r < rowCount(keys); r++) {
      const key = encodeKey(rowAt(keys, r))
      const id = `${table} ${key}`
      const seen = new Map(columns.map((column, c) => [column, old[c]?.[r] ?? null]))
      touched.set(id, operation === 'delete' && !touched.has(id) ? { id, table, key, seen } : null)
    }
  }
  return [...touched.values()].filter((row) => row !== null)
}
