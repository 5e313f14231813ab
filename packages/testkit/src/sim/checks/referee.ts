/**
 * P2, P7, P14: judges each push by the rows before and after it, with a ledger of its own of what had its verdict.
 *
 * Only changesets above the ledger's number may have an effect. Of those that were applied, each column's last value of
 * the push is in Postgres, or is kept as a loser; and a value of somebody else's that it replaced is kept, too. Counters
 * move by exactly the sum of the fresh differences. Between two writes nothing changes: a push that failed has left nothing. Of two last-write edits the later stamp wins, by the referee's own
 * record of who wrote a cell and when. A push without fresh changesets changes nothing at all.
 *
 * Left alone: columns whose policy merges in other ways, rows that a rejected changeset or a cascade touched as well, and
 * times before a restore or a prune, of which the server may rightly not know.
 */
import {
  type Changeset,
  clampHlc,
  decodeHlc,
  encodeKey,
  type Hlc,
  hlcFromTime,
  type ManifestColumn,
  type PushRequest,
  rowAt,
  rowCount,
  type WireValue,
} from '@landfall/protocol'
import type { RowSet, TableRows } from '../rows.ts'
import type { Finding } from './snapshot-equality.ts'

export type RecordedConflict = {
  table: string
  key: string
  column: string | null
  client: string
  number: number
  mine: WireValue
  theirs: WireValue
}

export type PushSeen = {
  request: PushRequest
  before: RowSet
  after: RowSet
  /** The client's last number as Postgres has it afterwards. */
  lastNumber: number
  rejected: ReadonlySet<number>
  conflicts: readonly RecordedConflict[]
  serverMs: number
}

export type Referee = {
  judgePush(seen: PushSeen): Finding[]
  /** Another program has written. */
  noteForeign(before: RowSet, after: RowSet, nowMs: number): void
  /** Postgres has gone back to these numbers, and all that is known of who wrote what is void. */
  reset(lastNumbers: ReadonlyMap<string, number>): void
  /** The log no longer knows when older values were written. */
  forgetTimes(): void
}

type Cell = { client: string | null; hlc: Hlc | null }

export function createReferee(): Referee {
  const verdicts = new Map<string, number>()
  const writers = new Map<string, Cell>()
  /** As the last write has left them; null: not known. */
  let left: RowSet | null = null
  const writerOf = (cell: string): Cell => writers.get(cell) ?? { client: null, hlc: null }

  function noteChanges(before: RowSet, after: RowSet, cellOf: () => Cell): void {
    for (const [cell, value] of cellsOf(after))
      if (cellAt(before, cell) !== value) writers.set(cell.id, cellOf())
  }

  return {
    judgePush(seen) {
      const { client } = seen.request
      const last = verdicts.get(client) ?? 0
      const fresh = seen.request.changesets.filter(({ number }) => number > last && number <= seen.lastNumber)
      const applied = fresh.filter(({ number }) => !seen.rejected.has(number))
      const findings = [
        ...judgeBetween(left, seen.before),
        ...judgeNumbers(seen, last),
        ...(applied.length === 0 ? judgeUntouched(seen) : judgeCells(seen, applied, writerOf)),
      ]
      verdicts.set(client, Math.max(last, seen.lastNumber))
      left = seen.after
      for (const write of lastWrites(applied, seen)) {
        if (valueIn(seen.after, write) === write.mine) writers.set(write.id, { client, hlc: write.hlc })
      }
      return findings
    },
    noteForeign(before, after, nowMs) {
      noteChanges(before, after, () => ({ client: null, hlc: hlcFromTime(nowMs) }))
      left = after
    },
    reset(lastNumbers) {
      verdicts.clear()
      left = null
      writers.clear()
      for (const [client, number] of lastNumbers) verdicts.set(client, number)
    },
    forgetTimes() {
      for (const [id, cell] of writers) writers.set(id, { ...cell, hlc: null })
    },
  }
}

function judgeNumbers({ lastNumber, request }: PushSeen, last: number): Finding[] {
  if (lastNumber >= last) return []
  return [{ promise: 'P2', what: `${request.client}'s last number fell from ${last} to ${lastNumber}` }]
}

function judgeBetween(left: RowSet | null, before: RowSet): Finding[] {
  if (left === null || left === before) return []
  const changed = [...before].find(([name, { table, rows }]) => {
    const known = left.get(name)
    // The app's next schema has other columns.
    return known?.table === table && JSON.stringify(sorted(known.rows)) !== JSON.stringify(sorted(rows))
  })
  if (changed === undefined) return []
  return [{ promise: 'P2', what: `${changed[0]} has changed by no write that was committed` }]
}

const sorted = <Row>(rows: ReadonlyMap<string, Row>): [string, Row][] =>
  [...rows].toSorted(([a], [b]) => (a < b ? -1 : 1))

function judgeUntouched({ before, after }: PushSeen): Finding[] {
  return [...after].flatMap(([name, { rows }]) => {
    const was = before.get(name)?.rows ?? new Map<string, WireValue[]>()
    const changed = [...rows].filter(([key, row]) => JSON.stringify(was.get(key)) !== JSON.stringify(row))
    const what = `a push without anything fresh changed ${name} ${changed[0]?.[0] ?? ''}`
    return changed.length > 0 || rows.size !== was.size ? [{ promise: 'P2', what }] : []
  })
}

type Write = {
  id: string
  table: string
  key: string
  column: ManifestColumn
  number: number
  hlc: Hlc
  old: WireValue
  mine: WireValue
  /** For counters: the sum of the push's differences. */
  sum: bigint
  operation: string
}

/** The push's last write of each cell; none for rows that the push deletes at last. */
function lastWrites(applied: readonly Changeset[], { before, serverMs }: PushSeen): Write[] {
  const writes = new Map<string, Write>()
  for (const { number, hlc, changes } of applied) {
    for (const block of changes) {
      const known = before.get(block.table)
      if (known === undefined) continue
      for (let r = 0; r < rowCount(block.keys); r++) {
        const key = encodeKey(rowAt(block.keys, r))
        if (block.operation === 'delete') {
          for (const { name } of known.table.columns) writes.delete(cellId(block.table, key, name))
          continue
        }
        for (const [c, name] of block.columns.entries()) {
          const column = known.table.columns.find((each) => each.name === name)
          if (column === undefined) continue
          const id = cellId(block.table, key, name)
          const mine = block.new[c]?.[r] ?? null
          const old = block.operation === 'insert' ? null : (block.old[c]?.[r] ?? null)
          const earlier = writes.get(id)
          const sum = (earlier?.sum ?? 0n) + difference(column, old, mine)
          const stamp = clampHlc(decodeHlc(hlc), serverMs)
          const { table, operation } = block
          const first = earlier?.old ?? old
          writes.set(id, { id, table, key, column, number, hlc: stamp, old: first, mine, sum, operation })
        }
      }
    }
  }
  return [...writes.values()]
}

function difference({ policy, type }: ManifestColumn, old: WireValue, mine: WireValue): bigint {
  if (policy !== 'counter' || !type.kind.startsWith('int')) return 0n
  return BigInt(mine ?? 0) - BigInt(old ?? 0)
}

function judgeCells(
  seen: PushSeen,
  applied: readonly Changeset[],
  writerOf: (id: string) => Cell,
): Finding[] {
  const deleted = deletedRows(applied)
  const isCascade = (write: Write): boolean => deleted.size > 0 && valueIn(seen.after, write) === undefined
  return lastWrites(applied, seen).flatMap((write) => {
    // What a push both deletes and makes again has no single value before.
    if (deleted.has(`${write.table} ${write.key}`) || seen.rejected.size > 0 || isCascade(write)) return []
    return judgeCell(seen, write, writerOf(write.id))
  })
}

function deletedRows(applied: readonly Changeset[]): Set<string> {
  return new Set(
    applied.flatMap(({ changes }) =>
      changes
        .filter(({ operation }) => operation === 'delete')
        .flatMap((block) =>
          Array.from(
            { length: rowCount(block.keys) },
            (_, r) => `${block.table} ${encodeKey(rowAt(block.keys, r))}`,
          ),
        ),
    ),
  )
}

function judgeCell(seen: PushSeen, write: Write, writer: Cell): Finding[] {
  const { column, mine, old, key, table } = write
  const pre = valueIn(seen.before, write)
  const post = valueIn(seen.after, write)
  const where = `${table} ${key} ${column.name}`
  const kept = seen.conflicts.filter(
    (c) => c.table === table && c.key === key && (c.column ?? column.name) === column.name,
  )
  if (post === undefined) {
    const isKept = kept.some((c) => c.column === null)
    return isKept || pre !== undefined
      ? []
      : [lost(where, 'was written to a row that is gone, and is not kept')]
  }
  if (column.policy === 'counter') return judgeCounter(where, { pre, post, write })
  if (column.policy !== 'last-write' && column.policy !== 'review' && column.policy !== 'first-write')
    return []
  const others = pre !== undefined && pre !== old && pre !== mine && writer.client !== seen.request.client
  if (post === mine) {
    if (others && !kept.some((c) => c.theirs === pre))
      return [lost(where, `${show(pre)} was replaced and is not kept`)]
    return others && column.policy === 'last-write' ? judgeTime(where, { write, writer, won: true }) : []
  }
  if (pre !== post) return [] // a trigger or a cascade of the app's own
  if (!kept.some((c) => c.mine === mine)) return [lost(where, `${show(mine)} has lost and is not kept`)]
  return others && column.policy === 'last-write' ? judgeTime(where, { write, writer, won: false }) : []
}

type Counted = { pre: WireValue | undefined; post: WireValue; write: Write }

function judgeCounter(where: string, { pre, post, write }: Counted): Finding[] {
  if (pre === undefined || !write.column.type.kind.startsWith('int')) return []
  const expected = BigInt(pre ?? 0) + write.sum
  if (BigInt(post ?? 0) === expected) return []
  return [{ promise: 'P2', what: `${where} counted ${show(pre)} -> ${show(post)}, expected ${expected}` }]
}

function judgeTime(
  where: string,
  { write, writer, won }: { write: Write; writer: Cell; won: boolean },
): Finding[] {
  if (writer.hlc === null || won === write.hlc > writer.hlc) return []
  return [{ promise: 'P14', what: `${where}: the ${won ? 'earlier' : 'later'} edit ${won ? 'won' : 'lost'}` }]
}

const lost = (where: string, what: string): Finding => ({ promise: 'P7', what: `${where}: ${what}` })
const show = (value: WireValue | undefined): string => JSON.stringify(value ?? null).slice(0, 80)
const cellId = (table: string, key: string, column: string): string => `${table} ${key} ${column}`

function valueIn(
  rows: RowSet,
  { table, key, column }: Pick<Write, 'table' | 'key' | 'column'>,
): WireValue | undefined {
  return valueOf(rows.get(table), key, column.name)
}

function valueOf(known: TableRows | undefined, key: string, column: string): WireValue | undefined {
  const row = known?.rows.get(key)
  const place = known?.table.columns.findIndex(({ name }) => name === column) ?? -1
  return row === undefined || place < 0 ? undefined : (row[place] ?? null)
}

type CellName = { id: string; table: string; key: string; column: string }

function* cellsOf(rows: RowSet): Generator<[CellName, WireValue]> {
  for (const [name, { table, rows: all }] of rows) {
    for (const [key, row] of all) {
      for (const [c, column] of table.columns.entries())
        yield [{ id: cellId(name, key, column.name), table: name, key, column: column.name }, row[c] ?? null]
    }
  }
}

function cellAt(rows: RowSet, { table, key, column }: CellName): WireValue | undefined {
  return valueOf(rows.get(table), key, column)
}
