/**
 * What becomes of one row whose columns are not all as the client saw them: the values to write, and the losers to keep.
 *
 * Pure: the facts were read under the row's lock, `decideColumn` says who wins, and merges that Postgres has computed
 * come with the facts. A merge that fails, or a custom policy that throws, is a `review`: Postgres keeps what it has.
 * Counters and sets contain both sides' changes, so nobody loses and nothing is kept: until the row is deleted.
 */
import {
  type ClientId,
  type ConflictRecord,
  decideColumn,
  type Hlc,
  type ManifestColumn,
  type Policy,
  type WireRow,
  type WireValue,
} from '@landfall/protocol'
import type { WirePolicy } from '@landfall/schema/internal'
import { valuesByName } from '../batch.ts'
import type { ColumnState, RowState } from '../apply/inspect.ts'
import { type Effort, mergeText } from './merge-text.ts'

export type Loser = Pick<ConflictRecord, 'column' | 'policy' | 'kept' | 'reason' | 'base' | 'mine' | 'theirs'>

export type RowDecision = {
  /** Values to write, by the column's place in the batch. */
  writes: Map<number, WireValue>
  losers: Loser[]
}

/** One row as the client sent it, with what a decision depends on. */
export type RowAsked = {
  columns: readonly ManifestColumn[]
  old: WireRow
  new: WireRow
  hlc: Hlc
  client: ClientId
  horizon: Hlc
  custom: { [column: string]: WirePolicy }
  effort: Effort
}

export function decideRow(asked: RowAsked, state: RowState): RowDecision {
  const decision: RowDecision = { writes: new Map(), losers: [] }
  for (const [c, column] of asked.columns.entries()) {
    const facts = state.columns[c]
    if (facts) decideInto(decision, asked, { c, column, facts })
  }
  return decision
}

type Place = { c: number; column: ManifestColumn; facts: ColumnState }

function decideInto({ writes, losers }: RowDecision, asked: RowAsked, place: Place): void {
  const { c, column, facts } = place
  const values = { base: asked.old[c] ?? null, mine: asked.new[c] ?? null, theirs: facts.current }
  const lose = (kept: Loser['kept']) =>
    losers.push({ column: column.name, policy: column.policy, kept, ...values })
  switch (decide(asked, column.policy, facts)) {
    case 'nothing':
      return
    case 'write':
      writes.set(c, values.mine)
      return
    case 'mine':
      writes.set(c, values.mine)
      lose('mine')
      return
    case 'theirs':
      lose('theirs')
      return
    case 'merge': {
      const merged = merge(column, {
        ...values,
        facts,
        custom: asked.custom[column.name],
        effort: asked.effort,
      })
      if (merged !== null && merged.value !== values.theirs) writes.set(c, merged.value)
      if (merged === null || !keepsBoth(column.policy)) lose(keptBy(merged, values))
    }
  }
}

function decide(asked: RowAsked, policy: Policy, facts: ColumnState): ReturnType<typeof decideColumn> {
  // Clean in itself, in a row where another column is not. Written even when it only looks equal: 1.5 is not 1.50.
  if (facts.currentIsOld) return 'write'
  return decideColumn(policy, {
    currentIsOld: false,
    currentIsNew: facts.currentIsNew,
    currentIsMine: facts.written?.client === asked.client,
    currentHlc: facts.written?.hlc ?? null,
    newHlc: asked.hlc,
    horizonHlc: asked.horizon,
  })
}

const keepsBoth = (policy: Policy): boolean => policy === 'counter' || policy === 'set'

type Merge = {
  base: WireValue
  mine: WireValue
  theirs: WireValue
  facts: ColumnState
  custom: WirePolicy | undefined
  effort: Effort
}

/** null: there is no merge. */
function merge({ policy }: ManifestColumn, sides: Merge): { value: WireValue } | null {
  const { base, mine, theirs, facts, custom, effort } = sides
  if (policy === 'custom') return callCustom(custom, { base, mine, theirs })
  if (policy !== 'text') return facts.merged === null ? null : { value: facts.merged }
  if (base === null || mine === null || theirs === null) return null
  const value = mergeText({ base, mine, theirs }, effort)
  return value === null ? null : { value }
}

function callCustom(
  custom: WirePolicy | undefined,
  sides: { base: WireValue; mine: WireValue; theirs: WireValue },
): { value: WireValue } | null {
  try {
    return custom ? { value: custom(sides) } : null
  } catch {
    return null
  }
}

function keptBy(
  merged: { value: WireValue } | null,
  { mine, theirs }: { mine: WireValue; theirs: WireValue },
): Loser['kept'] {
  if (merged === null || merged.value === theirs) return 'theirs'
  return merged.value === mine ? 'mine' : 'merged'
}

/** The client deletes a row that others have changed since: the delete wins, what they wrote is kept. */
export function losersOfDelete(asked: RowAsked, state: RowState): Loser[] {
  const places = asked.columns.flatMap((column, c) => {
    const facts = state.columns[c]
    // Nothing is wanted of a column: that it holds nothing does not make it the one that is wanted.
    return facts && decide(asked, column.policy, { ...facts, currentIsNew: false }) !== 'write' ? c : []
  })
  if (places.length === 0) return []
  const columns = places.flatMap((c) => asked.columns[c] ?? [])
  const base = places.map((c) => asked.old[c] ?? null)
  const theirs = places.map((c) => state.columns[c]?.current ?? null)
  return [
    {
      column: null,
      policy: 'last-write',
      kept: 'mine',
      base: valuesByName(columns, base),
      mine: null,
      theirs: valuesByName(columns, theirs),
    },
  ]
}

/** The client changed a row that others have deleted: the delete stands, what the client wrote is kept. */
export function losersOfUpdate(asked: RowAsked): Loser[] {
  return [
    {
      column: null,
      policy: 'last-write',
      kept: 'theirs',
      base: valuesByName(asked.columns, asked.old),
      mine: valuesByName(asked.columns, asked.new),
      theirs: null,
    },
  ]
}
