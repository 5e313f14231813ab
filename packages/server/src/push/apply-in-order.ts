/**
 * Applies changesets in order, run by run, and finds the guilty when a run fails (P2.3, P8).
 *
 * A run is written under a savepoint. If anything in it fails, it is undone and its halves are tried, one after the
 * other: a single bad changeset among a thousand costs about twenty tries, and only it is rejected. A changeset alone
 * gets a second try in another order, because SQLite's mirror has no constraints and its transactions may only make
 * sense in one of the two: parents before children, or deletes before the inserts that reuse their unique values.
 *
 * A push of thousands of bad changesets, or of thousands of edits of one row, would hold its locks and its connection for
 * long (P10, P16). It is cut off after a while: what has a verdict by then is committed, and the client, who learns
 * from the next pull how far it came, sends the rest again.
 */
import { type ErrorData, type Verdict } from '@landfall/protocol'
import { applyBatch } from './apply-batch.ts'
import { blameRow } from './blame.ts'
import { type Batch, type CheckedChangeset, gatherBatches, rowsOf } from './batch.ts'
import { lockRows } from './apply/inspect.ts'
import { splitRuns, touches } from './runs.ts'
import { beginStamp, correctStamps } from './apply/stamp.ts'
import { verdictOf } from './verdict.ts'
import { type PushContext, readRights } from './push-context.ts'

type Order = 'writes-first' | 'deletes-first'

/** A verdict for each changeset, or for as many at the front as could be had in time; at least one. */
export async function applyInOrder(
  work: PushContext,
  changesets: readonly CheckedChangeset[],
): Promise<Verdict[]> {
  const { clock, limits } = work.context
  const deadline = clock.now() + limits.pushMs
  const memberships = tablesOfHolders(work)
  const runs = splitRuns(changesets, memberships)
  const verdicts: Verdict[] = []
  for (let run = runs.shift(); run !== undefined; run = runs.shift()) {
    if (verdicts.length > 0 && clock.now() > deadline) break
    const halves = await applyRun(work, run, verdicts)
    runs.unshift(...halves)
    if (touches(run, memberships)) work.rights = await readRights(work)
  }
  return verdicts
}

/** Adds the verdicts of the run. Answers its halves instead when it failed and it is not known through whom. */
async function applyRun(
  work: PushContext,
  run: CheckedChangeset[],
  verdicts: Verdict[],
): Promise<CheckedChangeset[][]> {
  const error = await tryRun(work, run, 'writes-first')
  if (error === null) {
    verdicts.push(...run.map(({ number }) => applied(number)))
    return []
  }
  const [only, ...others] = run
  if (only === undefined || others.length > 0) {
    const middle = run.length >> 1
    return [run.slice(0, middle), run.slice(middle)]
  }
  const reason = await tryAgain(work, only, error)
  verdicts.push(
    reason === null ? applied(only.number) : { number: only.number, outcome: 'rejected', error: reason },
  )
  return []
}

/** The synced tables that the holders' SQL mentions: writing one of them may change who may write what. */
function tablesOfHolders({ context, holders }: PushContext): Set<string> {
  const names = context.sync.manifest.tables.map(({ name }) => name)
  return new Set(names.filter((name) => holders.query?.sql.includes(name)))
}

const applied = (number: Verdict['number']): Verdict => ({ number, outcome: 'applied', error: null })

/** null: the changeset went through after all. Else the better of both tries' reasons. */
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
    return tryRun(work, [changeset], 'writes-first')
  }
  const operations = new Set(changeset.blocks.map(({ operation }) => operation))
  const isConstraint =
    typeof error.details['sqlstate'] === 'string' && error.details['sqlstate'].startsWith('23')
  if (!isConstraint || !operations.has('delete') || operations.size < 2) return error
  const second = await tryRun(work, [changeset], 'deletes-first')
  if (second === null) return null
  // Deleting parents first fails for want of order, as does reusing a unique value before it is free.
  const wasOrder = error.code === 'unique_violation' && second.code !== 'foreign_key_violation'
  return wasOrder ? second : error
}

/** null: applied. Else undone, and why. */
async function tryRun(
  work: PushContext,
  run: readonly CheckedChangeset[],
  order: Order,
): Promise<ErrorData | null> {
  const { tx, context } = work
  await tx.query('SAVEPOINT landfall_run')
  try {
    await writeRun(work, run, order)
    // Deferred constraints would fail the commit, and with it everybody.
    await tx.query('SET CONSTRAINTS ALL IMMEDIATE')
    await tx.query('RELEASE SAVEPOINT landfall_run')
    return null
  } catch (error) {
    const verdict = verdictOf(error, context.sync.manifest)
    if (verdict === null) throw error
    await tx.query('ROLLBACK TO SAVEPOINT landfall_run')
    await tx.query('RELEASE SAVEPOINT landfall_run')
    const [only] = run
    const blamed = only && run.length === 1 ? blameRow(error, only) : null
    return blamed === null ? verdict : { ...verdict, details: { ...verdict.details, ...blamed } }
  }
}

async function writeRun(work: PushContext, run: readonly CheckedChangeset[], order: Order): Promise<void> {
  const stamp = await beginStamp(work, run)
  await work.tx.query('SET CONSTRAINTS ALL DEFERRED')
  const { writes, deletes } = sortBatches(work, gatherBatches(run))
  // One row has no order that could deadlock with another's.
  const existing = [...writes, ...deletes].filter(({ operation }) => operation !== 'insert')
  const rows = existing.reduce((sum, batch) => sum + rowsOf(batch), 0)
  for (const batch of rows > 1 ? existing : []) await lockRows(work, batch)
  const batches = order === 'writes-first' ? [...writes, ...deletes] : [...deletes, ...writes]
  for (const batch of batches) await applyBatch(work, batch)
  await correctStamps(work, run, stamp)
}

/** Parents before children; for deletes the other way round. */
function sortBatches(work: PushContext, batches: readonly Batch[]): { writes: Batch[]; deletes: Batch[] } {
  const tables = work.context.sync.manifest.tables
  const inOrder = tables.flatMap((table) => batches.filter((batch) => batch.table.name === table.name))
  const of = (operation: Batch['operation']) => inOrder.filter((batch) => batch.operation === operation)
  const writes = tables.flatMap((table) =>
    [...of('insert'), ...of('update')].filter((batch) => batch.table.name === table.name),
  )
  return { writes, deletes: of('delete').reverse() }
}
