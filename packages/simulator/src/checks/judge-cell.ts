/**
 * Whether one cell came out of a push as it should: the value is there, or is kept as a loser, and who won had to.
 *
 * Columns whose policy merges (set, text, max, min, custom) are left alone but for counters, which add up; so is jsonb.
 */
import { type Hlc, timeOfHlc, type WireValue } from '@landfall/protocol'
import { type CellWrite, isExact } from './push-writes.ts'
import type { Finding } from './snapshot-equality.ts'

/** Who wrote a cell, by the oracle's own record. */
export type Writer = {
  /** null: another program; undefined: nobody knows, since Postgres was restored. */
  client: string | null | undefined
  /** null: nobody knows. */
  hlc: Hlc | null
  /** The cell had never held the value before, so that whoever knows it has seen this very write. */
  isFirst: boolean
}

export type RecordedConflict = {
  table: string
  key: string
  /** null: the whole row. */
  column: string | null
  mine: WireValue
  theirs: WireValue
}

export type CellSeen = {
  write: CellWrite
  /** undefined: there was no such row. */
  before: WireValue | undefined
  after: WireValue | undefined
  writer: Writer
  /** Whose push it is. */
  client: string
  /** The conflicts that the push has recorded about this cell or its whole row. */
  kept: readonly RecordedConflict[]
}

const DECIDED = new Set(['last-write', 'review', 'first-write'])

export function judgeCell(seen: CellSeen): Finding[] {
  const { write, before, after, kept } = seen
  if (after === undefined) {
    const isKept = before !== undefined || kept.some(({ column }) => column === null)
    return isKept ? [] : [lost(write, 'was written to a row that is gone, and is not kept')]
  }
  if (write.definition.policy === 'counter') return judgeCounter(seen)
  if (!DECIDED.has(write.definition.policy) || !isExact(write.definition)) return []
  if (after === write.mine) return [...judgeWinner(seen), ...judgeCausality(seen)]
  if (before !== after) return [changed(write, after)]
  if (!kept.some(({ mine }) => mine === write.mine))
    return [lost(write, `${show(write.mine)} has lost and is not kept`)]
  return judgeTime(seen, false)
}

function judgeWinner(seen: CellSeen): Finding[] {
  const { write, before, kept } = seen
  if (!replacesOthers(seen)) return []
  if (!kept.some(({ theirs }) => theirs === before))
    return [lost(write, `${show(before)} was replaced and is not kept`)]
  return judgeTime(seen, true)
}

/** Somebody else's value stood there, which the client had not seen. */
function replacesOthers({ write, before, writer, client }: CellSeen): boolean {
  if (before === undefined || before === write.mine || write.known.includes(before)) return false
  return writer.client !== undefined && writer.client !== client
}

function judgeTime(seen: CellSeen, won: boolean): Finding[] {
  const { write, writer } = seen
  if (write.definition.policy !== 'last-write' || !replacesOthers(seen) || writer.hlc === null) return []
  if (won === write.hlc > writer.hlc) return []
  const what = won ? 'the earlier edit won' : 'the later edit lost'
  return [{ promise: 'P14', what: `${write.id}: ${what}` }]
}

/** Bound on stamps from the future, which a device does not learn of by pulling. */
const BOUND_MS = 61_000

/** An edit of a value that its author has seen is stamped after it, whatever the author's clock says. */
function judgeCausality({ write, before, writer }: CellSeen): Finding[] {
  // NULL is also what one who inserts a row has seen there.
  if (before === undefined || before === null || before === write.mine || before !== write.known[0]) return []
  if (!writer.isFirst || writer.hlc === null || timeOfHlc(write.hlc) > timeOfHlc(writer.hlc) - BOUND_MS)
    return []
  return [{ promise: 'P14', what: `${write.id}: an edit is stamped before what its author has seen` }]
}

function judgeCounter({ write, before, after }: CellSeen): Finding[] {
  if (before === undefined || !write.definition.type.kind.startsWith('int')) return []
  const expected = BigInt(before ?? 0) + write.sum
  if (BigInt(after ?? 0) === expected) return []
  return [{ promise: 'P2', what: `${write.id} counted ${show(before)} -> ${show(after)}, not ${expected}` }]
}

/** An app's own trigger would do that, too: a simulated app has none on columns that devices write. */
const changed = ({ id, mine }: CellWrite, after: WireValue): Finding => ({
  promise: 'P13',
  what: `${id}: ${show(mine)} became ${show(after)}`,
})

const lost = ({ id }: CellWrite, what: string): Finding => ({ promise: 'P7', what: `${id}: ${what}` })
const show = (value: WireValue | undefined): string => JSON.stringify(value ?? null).slice(0, 80)
