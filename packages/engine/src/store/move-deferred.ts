/**
 * Moves what the server has deferred, with what depends on it, behind everything else in the outbox (P8.8).
 *
 * It happens in the transaction of the pull that names the deferred, so that the acknowledged number alone tells the server
 * that it has happened. Changesets that were on their way meanwhile are moved with them where they touch the same rows or
 * refer to rows that those insert: the server defers them, too. Order among the moved stays; the visible rows stay; only the
 * numbers change, in the outbox and in the base. When to try again is this store's to say; until then the changesets
 * travel marked as waiting, so that those behind them get through.
 */
import {
  changesetNumber,
  type ChangesetNumber,
  type Clock,
  type Deferral,
  Followers,
  touchedRows,
} from '@landfall/protocol'
import type { SqliteDriver } from '../ports.ts'
import { readState, updateState } from './bookkeeping.ts'
import { readFrom } from './outbox.ts'
import { pauseMs } from './retry-time.ts'
import type { Tables } from './tables.ts'

type MoveContext = { driver: SqliteDriver; tables: Tables; clock: Clock }

type Move = { from: ChangesetNumber; deferral: Deferral | null }

export function moveDeferred(
  context: MoveContext,
  upTo: ChangesetNumber,
  deferrals: readonly Deferral[],
): void {
  if (deferrals.length === 0) return
  const moves = findMoves(context.driver, upTo, deferrals)
  const { nextNumber } = readState(context.driver)
  const numbers = new Map(moves.map(({ from }, i) => [from, changesetNumber(nextNumber + i)]))
  const followAt = Math.max(...moves.map(({ deferral }) => retryAtOf(context, deferral)))
  for (const move of moves) renumber(context, move, { to: numbers.get(move.from) ?? move.from, followAt })
  for (const { base } of context.tables.values()) base.renumber(numbers)
  updateState(context.driver, { next_number: nextNumber + moves.length })
}

function findMoves(driver: SqliteDriver, upTo: ChangesetNumber, deferrals: readonly Deferral[]): Move[] {
  const named = new Map(deferrals.map((deferral) => [deferral.number, deferral]))
  const followers = new Followers()
  const moves: Move[] = []
  let next = Math.min(...named.keys())
  for (let part = readFrom(driver, next); part.length > 0; part = readFrom(driver, next)) {
    for (const changeset of part) {
      const { number } = changeset
      next = number + 1
      const deferral = named.get(number) ?? null
      if (deferral === null && (number <= upTo || !followers.has(changeset))) continue
      followers.add(touchedRows(changeset))
      moves.push({ from: number, deferral })
    }
  }
  return moves
}

/** The deferral, unless it says no more than that the changeset has to wait. */
const failureIn = (deferral: Deferral | null): Deferral | null =>
  deferral?.error.code === 'waits_for_earlier' ? null : deferral

function retryAtOf({ clock }: MoveContext, deferral: Deferral | null): number {
  return clock.now() + pauseMs(failureIn(deferral)?.tries ?? 1)
}

/** One that has only waited keeps its reason and its time. */
function renumber(
  context: MoveContext,
  { from, deferral }: Move,
  { to, followAt }: { to: ChangesetNumber; followAt: number },
): void {
  const failure = failureIn(deferral)
  if (failure !== null) {
    context.driver
      .prepare(
        'UPDATE landfall_outbox SET number = ?2, tries = ?3, reason = ?4, retry_at = ?5 WHERE number = ?1',
      )
      .run([from, to, failure.tries, JSON.stringify(failure.error), retryAtOf(context, failure)])
    return
  }
  const reason = deferral === null ? null : JSON.stringify(deferral.error)
  context.driver
    .prepare(
      `UPDATE landfall_outbox
       SET number = ?2, reason = coalesce(reason, ?3), retry_at = CASE WHEN retry_at > ?5 THEN retry_at ELSE ?4 END
       WHERE number = ?1`,
    )
    .run([from, to, reason, followAt, context.clock.now()])
}
