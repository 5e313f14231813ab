/**
 * Applies changesets in order, run by run, and finds the guilty when a run fails (P2.3, P8).
 *
 * A run is written under a savepoint. If anything in it fails, it is undone and its halves are tried, one after the
 * other: a single bad changeset among a thousand costs about twenty tries, and only it is rejected. A changeset alone
 * against which a constraint speaks is tried in other orders (`order/orders.ts`).
 *
 * A push of thousands of bad changesets, or of thousands of edits of one row, would hold its locks and its connection for
 * long (P10, P16). It is cut off after a while: what has a verdict by then is committed, and the client, who learns
 * from the next pull how far it came, sends the rest again.
 */
import type { Changeset, ErrorData, Verdict } from '@landfall/protocol'
import { tablesOfHolders } from '../scopes/holders.ts'
import type { CheckedChangeset } from './batch.ts'
import { checkChangeset } from './check/check-changeset.ts'
import { unheldScopes } from './check/new-keys.ts'
import { deferWaiting, judge } from './judge.ts'
import { ordersOf } from './order/orders.ts'
import { setApart, splitRuns } from './runs.ts'
import { RIGHTS_CHANGED, tryAlone, tryRun } from './try-run.ts'
import { type PushContext, readRights } from './push-context.ts'

/** Changesets behind one that was refused before it was tried; null: the first of a push. */
export type OrderedPart = { malformed: Changeset | null; good: CheckedChangeset[] }

/** A verdict for each good changeset, or for as many at the front as could be had in time; at least one. */
export async function applyInOrder(work: PushContext, parts: readonly OrderedPart[]): Promise<Verdict[]> {
  const { clock, limits } = work.context
  const deadline = clock.now() + limits.pushMs
  const { sync, holders } = work.context
  const memberships = tablesOfHolders(sync.manifest, holders)
  const verdicts: Verdict[] = []
  const front = parts.flatMap(({ good }) => good[0] ?? [])[0]?.number
  for (const { malformed, good } of parts) {
    if (malformed !== null) work.standing.reject(work.standing.rebase(malformed))
    const runs = splitRuns(good, memberships)
    for (let run = runs.shift(); run !== undefined; run = runs.shift()) {
      const isStarted = verdicts.some(({ number }) => number === front)
      if (isStarted && clock.now() > deadline) return verdicts
      runs.unshift(...(await takeRun(work, run, verdicts)))
    }
  }
  return verdicts
}

/** Without what has to wait; answers the parts of the run that are to be tried by themselves. */
async function takeRun(
  work: PushContext,
  run: readonly CheckedChangeset[],
  verdicts: Verdict[],
): Promise<CheckedChangeset[][]> {
  const tried = deferWaiting(work, run, verdicts)
  if (tried.length === 0) return []
  const apart = setApart(tried, (changeset) => unheldScopes(work, changeset).size > 0)
  const parts = apart.length > 1 ? apart : work.patience.divide(tried)
  return parts.length > 1 ? parts : applyRun(work, tried, verdicts)
}

/** Adds the verdicts of the run. Answers its halves instead when it failed and it is not known through whom. */
async function applyRun(
  work: PushContext,
  sent: readonly CheckedChangeset[],
  verdicts: Verdict[],
): Promise<CheckedChangeset[][]> {
  const run = sent.map((changeset) => rebased(work, changeset))
  const error = await tryRun(work, run)
  if (error === null) {
    verdicts.push(...run.map((changeset) => judge(work, changeset, null)))
    return []
  }
  const [only, ...others] = run
  if (only === undefined || others.length > 0 || error === RIGHTS_CHANGED) {
    const middle = run.length >> 1
    return [run.slice(0, middle), run.slice(middle)]
  }
  verdicts.push(judge(work, only, await tryAgain(work, only, error)))
  return []
}

/** What it has seen of values that were rejected since becomes what stood before them. */
function rebased({ standing, context }: PushContext, changeset: CheckedChangeset): CheckedChangeset {
  const source = standing.rebase(changeset.source)
  if (source === changeset.source) return changeset
  return checkChangeset(context.sync.manifest, source, context.clock.now())
}

/** null: the changeset went through after all. */
async function tryAgain(
  work: PushContext,
  changeset: CheckedChangeset,
  error: ErrorData,
): Promise<ErrorData | null> {
  if (error.code === 'forbidden' || error.code === 'row_missing') {
    // An earlier changeset of this push may have made its author a member.
    const rights = await readRights(work)
    if (rights.isSameAs(work.rights)) return error
    work.rights = rights
    return tryAlone(work, changeset, 'by-table')
  }
  return isConstraint(error) ? tryOrders(work, changeset, error) : error
}

const isConstraint = ({ details }: ErrorData): boolean =>
  typeof details['sqlstate'] === 'string' && details['sqlstate'].startsWith('23')

const NO_ORDER = 'Postgres takes these changes in no order that was tried'

/** null: one of the orders went through. Else the reason against the order of the device. */
async function tryOrders(
  work: PushContext,
  changeset: CheckedChangeset,
  error: ErrorData,
): Promise<ErrorData | null> {
  const { catalog, sync } = work.context
  const before = JSON.stringify(work.foreignKeys)
  work.foreignKeys = await catalog.readAgain(work.tx)
  const { foreignKeys } = work
  // A migration has changed what the tables' order follows.
  if (JSON.stringify(foreignKeys) !== before && (await tryAlone(work, changeset, 'by-table')) === null)
    return null
  const reasons: ErrorData[] = []
  for (const moves of ordersOf(changeset, { tables: sync.manifest.tables, foreignKeys })) {
    const reason = await tryAlone(work, changeset, moves)
    if (reason === null) return null
    reasons.push(reason)
  }
  const [first] = reasons
  return first === undefined ? error : { ...first, details: { reason: NO_ORDER, ...first.details } }
}
