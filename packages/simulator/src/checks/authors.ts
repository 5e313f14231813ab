/** Who wrote each cell last, and when: the oracle's own record, made of nothing but the rows and what was sent. */
import { hlcFromTime, type Manifest, type WireValue } from '@landfall/protocol'
import type { RowSet } from './truth.ts'
import type { Writer } from './judge-cell.ts'
import { cellName, type CellName, type CellWrite, valueOf } from './push-writes.ts'

export type Authors = {
  of(id: string): Writer
  /** The rows before a write; the first ones are what the world began with. */
  begin(before: RowSet): void
  notePush(client: string, writes: readonly CellWrite[], seen: { before: RowSet; after: RowSet }): void
  /** Another program has written. */
  noteForeign(before: RowSet, after: RowSet, nowMs: number): void
  /** All that is known of who wrote what is void. */
  forget(): void
  /** The log no longer knows when older values were written. */
  forgetTimes(): void
  /** The app has another schema: of what stood in columns that were not synced before, the log does not know the author. */
  noteUpgrade(before: Manifest, rows: RowSet): void
}

const NOBODY_KNOWS: Writer = { client: undefined, hlc: null, isFirst: false }

export function createAuthors(): Authors {
  const writers = new Map<string, Writer>()
  let unknown: Writer = { client: null, hlc: null, isFirst: false }
  const { begin, isFirst } = createPast()
  return {
    of: (id) => writers.get(id) ?? unknown,
    begin,
    notePush(client, writes, seen) {
      for (const { id, hlc, ...write } of writes) {
        // Whoever writes what is there already has written nothing: the value keeps its author and its time.
        const [before, after] = [seen.before, seen.after].map((rows) => valueOf(rows, { id, ...write }))
        if (after === write.mine && before !== after)
          writers.set(id, { client, hlc, isFirst: isFirst(id, after) })
      }
    },
    noteForeign(before, after, nowMs) {
      begin(before)
      const hlc = hlcFromTime(nowMs)
      for (const cell of cellsOf(after)) {
        const value = valueOf(after, cell) ?? null
        if (valueOf(before, cell) !== value)
          writers.set(cell.id, { client: null, hlc, isFirst: isFirst(cell.id, value) })
      }
    },
    forget() {
      writers.clear()
      unknown = NOBODY_KNOWS
    },
    forgetTimes() {
      for (const [id, writer] of writers) writers.set(id, { ...writer, hlc: null })
    },
    noteUpgrade({ tables }, rows) {
      const known = new Set(
        tables.flatMap(({ name, columns }) => columns.map((each) => `${name} ${each.name}`)),
      )
      for (const { id, table, column } of cellsOf(rows))
        if (!known.has(`${table} ${column}`)) writers.set(id, NOBODY_KNOWS)
    },
  }
}

type Past = {
  /** The rows before the first write. */
  begin(rows: RowSet): void
  /** Whether the cell has never held the value; from now on it has. */
  isFirst(id: string, value: WireValue): boolean
}

function createPast(): Past {
  const values = new Map<string, Set<WireValue>>()
  const isFirst: Past['isFirst'] = (id, value) => {
    const known = values.get(id) ?? new Set()
    values.set(id, known)
    return known.size < known.add(value).size
  }
  return {
    isFirst,
    begin(rows) {
      if (values.size > 0) return
      for (const cell of cellsOf(rows)) isFirst(cell.id, valueOf(rows, cell) ?? null)
    },
  }
}

function* cellsOf(rows: RowSet): Generator<CellName> {
  for (const [name, { table, rows: all }] of rows)
    for (const key of all.keys()) for (const column of table.columns) yield cellName(name, key, column.name)
}
