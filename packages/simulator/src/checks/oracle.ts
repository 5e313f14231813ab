/**
 * P2, P7, P14: judges each push by the rows before and after it, with a ledger of its own of what had its verdict.
 *
 * Only changesets above the ledger's number may have an effect. Of those that were applied, each column's last value of
 * the push is in Postgres, or is kept as a loser; and a value of somebody else's that it replaced is kept, too. Counters
 * move by exactly the sum of the fresh differences. Of two last-write edits the later stamp wins, by the oracle's own
 * record of who wrote a cell and when. A push without fresh changesets changes nothing at all, and neither does one that
 * failed: each write finds the rows as the one before has left them. What a push has written its user may write (P4).
 *
 * Left alone: rows that the push deletes and makes again, cascades, also past what the user may write, and times before
 * a restore or a prune, of which the server may rightly not know.
 */
import type { Changeset, Manifest, ManifestTable, PushRequest, ScopeKey, WireRow } from '@landfall/protocol'
import { type RowSet, scopesOfRow } from './truth.ts'
import { createAuthors } from './authors.ts'
import { judgeCell, type RecordedConflict, type Writer } from './judge-cell.ts'
import {
  cellName,
  type CellName,
  type CellWrite,
  isExact,
  type LastOperation,
  lastOperations,
  lastWrites,
  onlyDeletes,
  valueOf,
} from './push-writes.ts'
import type { Finding } from './snapshot-equality.ts'

export type PushSeen = {
  request: PushRequest
  before: RowSet
  after: RowSet
  /** The client's last number as Postgres has it afterwards. */
  lastNumber: number
  rejected: ReadonlySet<number>
  /** The scopes that the user holds; null where that is not known. */
  held: ReadonlySet<ScopeKey> | null
  conflicts: readonly RecordedConflict[]
  serverMs: number
}

export type Oracle = {
  judgePush(seen: PushSeen): Finding[]
  /** Another program has written. */
  noteForeign(before: RowSet, after: RowSet, nowMs: number): void
  /** Postgres has gone back to these numbers, and all that is known of who wrote what is void. */
  reset(lastNumbers: ReadonlyMap<string, number>): void
  /** The log no longer knows when older values were written. */
  forgetTimes(): void
  /** The app has another schema: of what stood in columns that were not synced before, the log does not know the author. */
  noteUpgrade(before: Manifest, rows: RowSet): void
}

/** `mustPass`: whether nothing may ever speak against a changeset of this label. */
export function createOracle(mustPass: (label: string) => boolean): Oracle {
  const verdicts = new Map<string, number>()
  const authors = createAuthors()
  /** Scopes that rows were ever seen in. */
  const known = new Set<ScopeKey>()
  /** As the last write has left them; null: not known. */
  let left: RowSet | null = null
  let restored = false

  return {
    judgePush(seen) {
      const { client, changesets } = seen.request
      const last = verdicts.get(client) ?? 0
      authors.begin(seen.before)
      noteScopes(known, seen.before)
      verdicts.set(client, Math.max(last, seen.lastNumber))
      const fresh = changesets.filter(({ number }) => number > last && number <= seen.lastNumber)
      const applied = fresh.filter(({ number }) => !seen.rejected.has(number))
      const writes = lastWrites(applied, seen.before, seen.serverMs)
      const findings = [
        // Where transactions overlap, "before" is no state that anybody has left (held is not known there either).
        ...(seen.held === null ? [] : judgeBetween(left, seen.before)),
        ...judgeNumber(seen, last),
        ...(restored ? [] : judgeRejected(fresh, seen, mustPass)),
        ...(applied.length === 0 ? judgeUntouched(seen) : []),
        ...judgeRemade(applied, seen),
        ...judgeRights(applied, seen, (scope) => !known.has(scope)),
        ...judgeDeletes(applied, seen, ({ id }) => authors.of(id)),
        ...comparable(seen, applied, writes).flatMap((write) =>
          judgeCell({
            write,
            client,
            writer: authors.of(write.id),
            before: valueOf(seen.before, write),
            after: valueOf(seen.after, write),
            kept: seen.conflicts.filter((conflict) => concerns(conflict, write)),
          }),
        ),
      ]
      noteScopes(known, seen.after)
      left = seen.after
      authors.notePush(client, writes, seen)
      return findings
    },
    noteForeign(before, after, nowMs) {
      for (const rows of [before, after]) noteScopes(known, rows)
      left = after
      authors.noteForeign(before, after, nowMs)
    },
    reset(lastNumbers) {
      verdicts.clear()
      known.clear()
      restored = true
      left = null
      authors.forget()
      for (const [client, number] of lastNumbers) verdicts.set(client, number)
    },
    forgetTimes() {
      known.clear()
      authors.forgetTimes()
    },
    noteUpgrade: (before, rows) => authors.noteUpgrade(before, rows),
  }
}

function noteScopes(known: Set<ScopeKey>, state: RowSet): void {
  for (const { table, rows } of state.values())
    for (const row of rows.values()) for (const scope of scopesOfRow(table, row)) known.add(scope)
}

function concerns({ table, key, column }: RecordedConflict, write: CellWrite): boolean {
  return table === write.table && key === write.key && (column === null || column === write.column)
}

/** The writes whose rows had one value before and one after. */
function comparable(
  seen: PushSeen,
  applied: readonly Changeset[],
  writes: readonly CellWrite[],
): CellWrite[] {
  const rows = lastOperations(applied)
  return writes.filter((write) => {
    const row = rows.get(`${write.table} ${write.key}`)
    const isGone = valueOf(seen.after, write) === undefined
    const isCascade = deletes(rows) && (isGone || row?.operation === 'insert')
    return !isCascade && !row?.wasDeleted
  })
}

/** Then Postgres may have deleted others with them, also such as the push makes anew. */
const deletes = (rows: ReadonlyMap<string, LastOperation>): boolean =>
  [...rows.values()].some(({ wasDeleted }) => wasDeleted)

/** A row that the push deletes and then makes again is there afterwards; unless a parent's deletion may have taken it. */
function judgeRemade(applied: readonly Changeset[], { after }: PushSeen): Finding[] {
  const last = lastOperations(applied)
  const cascades = [...last.values()].some(({ operation }) => operation === 'delete')
  if (cascades) return []
  return [...last].flatMap(([id, { operation, wasDeleted, table, key }]) => {
    const isLost = wasDeleted && operation === 'insert' && after.get(table)?.rows.has(key) === false
    return isLost ? [{ promise: 'P2', what: `${id} was deleted and made again, and is gone` }] : []
  })
}

function judgeNumber({ lastNumber, request }: PushSeen, last: number): Finding[] {
  if (lastNumber >= last) return []
  return [{ promise: 'P2', what: `${request.client}'s last number fell from ${last} to ${lastNumber}` }]
}

/** P8: what is rejected takes nothing good along. */
function judgeRejected(
  fresh: readonly Changeset[],
  { rejected }: PushSeen,
  mustPass: (label: string) => boolean,
): Finding[] {
  return fresh.flatMap(({ number, label }) => {
    if (!rejected.has(number) || label === null || !mustPass(label)) return []
    return [{ promise: 'P8', what: `${number}, ${label}, was rejected, and nothing spoke against it` }]
  })
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
    const was = before.get(name)?.rows
    const changed = [...rows].find(([key, row]) => JSON.stringify(was?.get(key)) !== JSON.stringify(row))
    if (changed === undefined && rows.size === was?.size) return []
    return [{ promise: 'P2', what: `a push without anything fresh changed ${name} ${changed?.[0] ?? ''}` }]
  })
}

/** P7: what others have written to a row since, its deletion keeps. Rows that the push also does something else with are left alone. */
function judgeDeletes(
  applied: readonly Changeset[],
  { request, before, after, held, conflicts }: PushSeen,
  writerOf: (cell: CellName) => Writer,
): Finding[] {
  const rows = lastOperations(applied)
  return onlyDeletes(applied).flatMap(({ id, table, key, seen }) => {
    if (after.get(table)?.rows.has(key) !== false) return []
    if (isHidden(before, { table, key }, held) && mayHaveCascaded(rows, table)) return []
    const isKept = conflicts.some((each) => each.table === table && each.key === key && each.column === null)
    const exact =
      before
        .get(table)
        ?.table.columns.filter(isExact)
        .map(({ name }) => name) ?? []
    const unseen = [...seen].find(([column, old]) => {
      if (!exact.includes(column)) return false
      const cell = cellName(table, key, column)
      const { client } = writerOf(cell)
      const value = valueOf(before, cell)
      return value !== undefined && value !== old && client !== undefined && client !== request.client
    })
    if (isKept || unseen === undefined) return []
    return [{ promise: 'P7', what: `${id} was deleted, and what others wrote to ${unseen[0]} is not kept` }]
  })
}

/**
 * P4.1: whatever row a push has changed, its user held the scopes that give the right to write it, before and after. Only
 * afterwards it may also stand in one whose key nobody has ever seen: the push has brought it into being.
 */
function judgeRights(
  applied: readonly Changeset[],
  { before, after, held }: PushSeen,
  isNew: (scope: ScopeKey) => boolean,
): Finding[] {
  if (held === null) return []
  const rows = lastOperations(applied)
  return [...rows].flatMap(([id, { table: name, key, operation }]) => {
    if (operation === 'insert' && deletes(rows)) return []
    const [was, is] = [before, after].map((state) => state.get(name)?.rows.get(key))
    if (JSON.stringify(was) === JSON.stringify(is)) return []
    if (is === undefined && mayHaveCascaded(rows, name)) return []
    const table = after.get(name)?.table
    const mayWrite =
      table === undefined ||
      (isWritable(table, was, (scope) => held.has(scope)) &&
        isWritable(table, is, (scope) => held.has(scope) || isNew(scope)))
    return mayWrite ? [] : [{ promise: 'P4', what: `${id} was written by a user who may not` }]
  })
}

/** A row that is not there may be. */
function isWritable(
  table: ManifestTable,
  row: WireRow | undefined,
  may: (scope: ScopeKey) => boolean,
): boolean {
  if (row === undefined) return true
  const scopes = scopesOfRow(table, row)
  return table.write.every((name) => scopes.some((scope) => scope.startsWith(`${name}:`) && may(scope)))
}

/** Whether the row is there, and in none of the scopes; where they are not known, any row may be. */
function isHidden(
  state: RowSet,
  { table, key }: { table: string; key: string },
  held: ReadonlySet<ScopeKey> | null,
): boolean {
  const known = state.get(table)
  const row = known?.rows.get(key)
  if (known === undefined || row === undefined) return false
  return held === null || !scopesOfRow(known.table, row).some((scope) => held.has(scope))
}

/** A foreign key takes along whatever refers to a row that the push deletes, seen by its user or not. */
const mayHaveCascaded = (rows: ReadonlyMap<string, LastOperation>, table: string): boolean =>
  [...rows.values()].some((row) => row.wasDeleted && row.table !== table)
