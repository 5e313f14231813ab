/**
 * Writes one run of changesets under a savepoint, and says why it was undone (P4.1, P4.9, P4.10).
 *
 * A run may wait for a lock, and whoever held it may have taken rights away meanwhile: an administrator who revokes a
 * membership and freezes a row must not be overtaken by an edit that waited for the row. So the rights are read again
 * when the run is written, which costs one query a run; where one is gone the run is undone and judged anew. What is
 * gone because of the run itself (somebody leaves a project) is still there once it is undone.
 */
import { decodeScopeKey, type ErrorData, LandfallError, type ScopeKey } from '@landfall/protocol'
import { applyBatch } from './apply-batch.ts'
import { lockRows } from './apply/inspect.ts'
import { beginStamp, correctStamps } from './apply/stamp.ts'
import { type Batch, type CheckedChangeset, gatherBatches, rowsOf } from './batch.ts'
import { blameRow } from './blame.ts'
import { blameServer } from './blame-server.ts'
import { tablesInOrder } from './order/foreign-keys.ts'
import { type Move } from './order/orders.ts'
import { writeMoves } from './order/write-moves.ts'
import { readNewScopes, unheldScopes, type Wish } from './check/new-keys.ts'
import type { Rights } from './check/rights.ts'
import { collision, faultOf, isCollision, verdictOf } from './verdict.ts'
import { type PushContext, readRights } from './push-context.ts'

/** Whole tables, writes first; or row by row. */
export type Order = 'by-table' | Move[]

/** The rights of the user changed while several changesets were written: which of them may still land is not known. */
export const RIGHTS_CHANGED = 'rights changed'

/** How often others may take rights away under one changeset before the push starts over. */
const TRIES = 5

/** null: applied. Else undone, and why. */
export async function tryRun(
  work: PushContext,
  run: readonly CheckedChangeset[],
): Promise<ErrorData | typeof RIGHTS_CHANGED | null> {
  const [only, ...others] = run
  if (only !== undefined && others.length === 0) return tryAlone(work, only, 'by-table')
  const tried = await attempt(work, run, { order: 'by-table', wishes: new Map(), left: null })
  if (tried.error !== null) return tried.error
  if (tried.isKept) return null
  work.rights = await readRights(work)
  return RIGHTS_CHANGED
}

/** null: applied. Else undone, and why. */
export async function tryAlone(
  work: PushContext,
  changeset: CheckedChangeset,
  order: Order,
): Promise<ErrorData | null> {
  let left: Rights | null = null
  for (let i = 0; i < TRIES; i++) {
    const before = work.rights
    const wishes = unheldScopes(work, changeset)
    work.rights = before.with(await readNewScopes(work, [...wishes.keys()]))
    const tried = await attempt(work, [changeset], { order, wishes, left })
    if (tried.error !== null) {
      work.rights = before
      return tried.error
    }
    if (tried.isKept) return null
    work.rights = await readRights(work)
    left = before.isWithin(work.rights) ? tried.after : null
  }
  const error = collision('rights changed again and again')
  if (work.mayStartOver) throw error
  return faultOf(error, work.context.sync.manifest)
}

type Attempt = {
  order: Order
  wishes: ReadonlyMap<ScopeKey, Wish>
  /** What the run itself leaves of its user's rights, where it takes some away. */
  left: Rights | null
}

type Tried = { error: ErrorData } | { error: null; isKept: boolean; after: Rights }

async function attempt(work: PushContext, run: readonly CheckedChangeset[], given: Attempt): Promise<Tried> {
  const { rights, tx } = work
  const { pairs } = work.effort
  await tx.query('SAVEPOINT landfall_run')
  try {
    await writeRun(work, run, given.order)
    // Deferred constraints would fail the commit, and with it everybody.
    await tx.query('SET CONSTRAINTS ALL IMMEDIATE')
    const after = await readRights(work)
    checkMade(rights, after, given.wishes)
    const isKept = (given.left ?? rights).isWithin(after)
    if (!isKept) await undo(work, pairs)
    await tx.query('RELEASE SAVEPOINT landfall_run')
    if (isKept) work.rights = after
    return { error: null, isKept, after }
  } catch (error) {
    const verdict = reasonOf(work, run, error)
    if (verdict === null) throw error
    // Where the connection is gone, this fails, and the push with it.
    await undo(work, pairs)
    await tx.query('RELEASE SAVEPOINT landfall_run')
    await blameServer(work, error)
    const [only] = run
    const blamed = only && run.length === 1 ? blameRow(error, only) : null
    return { error: blamed === null ? verdict : { ...verdict, details: { ...verdict.details, ...blamed } } }
  }
}

/** What was undone has cost nothing of the push's allowance. */
async function undo({ tx, effort }: PushContext, pairs: number): Promise<void> {
  await tx.query('ROLLBACK TO SAVEPOINT landfall_run')
  effort.pairs = pairs
}

/** null: the push fails as a whole. */
function reasonOf(work: PushContext, run: readonly CheckedChangeset[], error: unknown): ErrorData | null {
  if (work.mayStartOver && isCollision(error)) return null
  const { manifest } = work.context.sync
  const verdict = verdictOf(error, manifest)
  if (verdict !== null) return verdict
  const reason = faultOf(error, manifest)
  if (run.length === 1 && reason !== null) work.context.report?.(error)
  if (reason?.code === 'took_too_long') work.patience.ranOut(run.map(({ source }) => source))
  return reason
}

/** Who brings a key into being holds it afterwards, by what the changeset has written: else its rows would be others'. */
function checkMade(rights: Rights, after: Rights, wishes: Attempt['wishes']): void {
  for (const [text, wish] of wishes) {
    const { scope } = decodeScopeKey(text)
    if (rights.makes(text) && !after.holds(text)) throw new LandfallError('forbidden', { ...wish, scope })
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
  const [only] = run
  if (order === 'by-table') for (const batch of [...writes, ...deletes]) await applyBatch(work, batch)
  else if (only !== undefined)
    await writeMoves(work, only, {
      moves: order,
      context: { tables: work.context.sync.manifest.tables, foreignKeys: work.foreignKeys },
    })
  await correctStamps(work, run, stamp)
}

/** Parents before children; for deletes the other way round. */
function sortBatches(work: PushContext, batches: readonly Batch[]): { writes: Batch[]; deletes: Batch[] } {
  const tables = tablesInOrder(work.context.sync.manifest.tables, work.foreignKeys)
  const inOrder = tables.flatMap((table) => batches.filter((batch) => batch.table.name === table.name))
  const of = (operation: Batch['operation']) => inOrder.filter((batch) => batch.operation === operation)
  const writes = tables.flatMap((table) =>
    [...of('insert'), ...of('update')].filter((batch) => batch.table.name === table.name),
  )
  return { writes, deletes: of('delete').reverse() }
}
