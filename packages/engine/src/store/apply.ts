/**
 * Applies what the server sent, each response in one transaction with capture off (P5.1).
 *
 * A pull moves the local database from one Postgres snapshot to another: rows, acknowledgements, scopes and cursor
 * change together. Pages of a first load may be newer than the cursor; the pull after the last page makes the scope exact.
 *
 * After `loadAgain` the rows stay readable while everything is loaded again. Keys that come are remembered; a scope
 * that is ready again loses the rows that did not come. Until the end nothing is confirmed: the first pull may
 * acknowledge changesets whose rows come only with a later page, and own writes must not flicker back (P9).
 */
import {
  type FirstLoadPage,
  changesetNumber,
  type ChangesetNumber,
  type Clock,
  decodeHlc,
  LandfallError,
  type PullResponse,
  type Rejection,
  type ScopeKey,
} from '@landfall/protocol'
import type { SqliteDriver } from '../ports.ts'
import {
  inTransaction,
  laterHlc,
  nonEmpty,
  readState,
  updateState,
  withoutCapture,
  type State,
} from './bookkeeping.ts'
import { recordGaps } from './gaps.ts'
import { recordConflicts } from './stored-conflicts.ts'
import { moveDeferred } from './move-deferred.ts'
import { acknowledge } from './outbox.ts'
import type { TableParts, Tables } from './tables.ts'
import {
  childrenFirst,
  dropAllUnseenRows,
  dropLostRows,
  dropUnseenRows,
  forgetScopes,
  gainScopes,
  markReady,
  readScopes,
  rememberPosition,
} from './scopes.ts'

export type ApplyContext = { driver: SqliteDriver; tables: Tables; clock: Clock }

export function applyPull(context: ApplyContext, response: PullResponse): Set<string> {
  return applying(context, ({ state, touched }) => {
    checkUser(state, response)
    const acknowledged = changesetNumber(Math.max(state.acknowledged, response.acknowledged))
    applyPatches(context, response, { state, touched })
    moveDeferred(context, acknowledged, response.deferrals ?? [])
    acknowledge(context.driver, acknowledged, response.rejections)
    moveScopes(context, scopeMoves(context, state, response), touched)
    const loadingAgain = finishScopes(context, state, touched)
    confirm(context, loadingAgain ? changesetNumber(0) : acknowledged, touched)
    recordConflicts(context.driver, response.conflicts)
    recordGaps(context.driver, response)
    updateState(context.driver, {
      acknowledged,
      snapshot: response.cursor.snapshot,
      history: response.cursor.history,
      user_id: response.user,
      hlc: laterHlc(state.hlc, decodeHlc(response.hlc)),
      last_synced_at: context.clock.now(),
      loading_again: loadingAgain ? 1 : 0,
    })
  })
}

/**
 * The outbox's front, which no push can take. All before it have had their verdicts, so it counts as acknowledged; the
 * server's number stays behind until the next changeset lands, and pulls take the greater of the two.
 */
export function applyRefusal(context: ApplyContext, rejection: Rejection): Set<string> {
  return applying(context, ({ state, touched }) => {
    const { number } = rejection
    if (number <= state.acknowledged) return
    acknowledge(context.driver, number, [rejection])
    confirm(context, state.loadingAgain ? changesetNumber(0) : number, touched)
    updateState(context.driver, { acknowledged: number })
  })
}

export function applyPage(context: ApplyContext, scope: ScopeKey, response: FirstLoadPage): Set<string> {
  return applying(context, ({ state, touched }) => {
    // A page of a scope that was lost in the meantime must not bring its rows back.
    if (!rememberPosition(context.driver, scope, response.next)) return
    const withBase = tablesWithBase(context)
    for (const { table, rows } of response.blocks) {
      const parts = partsOf(context, table)
      const mode = { hasBase: withBase.has(parts), loadingAgain: state.loadingAgain }
      if (parts.rows.rows(rows, mode)) touched.add(table)
    }
    confirm(context, changesetNumber(0), touched)
  })
}

type Running = { state: State; touched: Set<string> }

export function applying({ driver }: ApplyContext, run: (running: Running) => void): Set<string> {
  const touched = new Set<string>()
  inTransaction(driver, () => withoutCapture(driver, () => run({ state: readState(driver), touched })))
  return touched
}

function checkUser(state: State, response: PullResponse): void {
  if (state.user === null || state.user === response.user) return
  throw new LandfallError('user_changed', { stored: state.user, signedIn: response.user })
}

export function partsOf({ tables }: ApplyContext, name: string): TableParts {
  const parts = tables.get(name)
  if (parts === undefined)
    throw new LandfallError('response_invalid', { reason: 'unknown table', table: name })
  return parts
}

export function tablesWithBase({ driver, tables }: ApplyContext): Set<TableParts> {
  return new Set(nonEmpty(driver, [...tables.values()], ({ table }) => table.base))
}

function applyPatches(context: ApplyContext, response: PullResponse, { state, touched }: Running): void {
  const withBase = tablesWithBase(context)
  for (const patch of response.tables) {
    const parts = partsOf(context, patch.table)
    const mode = { hasBase: withBase.has(parts), loadingAgain: state.loadingAgain }
    if (parts.rows.patch(patch, mode)) touched.add(patch.table)
  }
}

type ScopeMoves = { gained: ScopeKey[]; lost: ScopeKey[] }

/** The first pull of a history names every scope that is held, and cannot know what we held before. */
function scopeMoves({ driver }: ApplyContext, state: State, { gained, lost }: PullResponse): ScopeMoves {
  if (state.cursor !== null) return { gained, lost }
  const held = new Set(gained)
  const stored = readScopes(driver).map(({ scope }) => scope)
  return { gained, lost: stored.filter((scope) => !held.has(scope)) }
}

function moveScopes({ driver, tables }: ApplyContext, moves: ScopeMoves, touched: Set<string>): void {
  forgetScopes(driver, moves.lost)
  gainScopes(driver, moves.gained)
  if (moves.lost.length === 0) return
  const held = readScopes(driver).map(({ scope }) => scope)
  for (const { table } of childrenFirst(tables.values())) {
    if (dropLostRows(driver, table, { lost: moves.lost, held })) touched.add(table.name)
  }
}

/** Marks loaded scopes as ready. Returns whether a second load is still under way. */
function finishScopes({ driver, tables }: ApplyContext, state: State, touched: Set<string>): boolean {
  const ready = markReady(driver)
  if (!state.loadingAgain) return false
  const done = readScopes(driver).every((scope) => scope.ready)
  for (const { table } of childrenFirst(tables.values())) {
    const dropped = done ? dropAllUnseenRows(driver, table) : dropUnseenRows(driver, table, ready)
    if (dropped) touched.add(table.name)
    if (done) driver.exec(`DELETE FROM ${table.seen}`)
  }
  return !done
}

export function confirm(context: ApplyContext, upTo: ChangesetNumber, touched: Set<string>): void {
  for (const { table, base } of tablesWithBase(context)) {
    if (base.confirm(upTo)) touched.add(table.name)
  }
}
