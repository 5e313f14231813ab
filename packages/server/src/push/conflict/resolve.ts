/**
 * The rows of a batch that could not simply be written: lock, look, decide, write what was decided, keep the losers.
 *
 * A row that the user may not see is answered like one that does not exist (P4). An insert of a row that exists is an
 * edit of it from nothing. A row that others have deleted stays deleted (P14), and what the client wrote is kept.
 */
import { LandfallError, type ManifestTable, type WireRow, type WireValue } from '@landfall/protocol'
import { readHorizon } from '../../log/history.ts'
import { type Batch, keyAt, pickRows } from '../batch.ts'
import { type Conflict, conflictOf, storeConflicts } from './record-conflicts.ts'
import { decideRow, type Loser, losersOfDelete, losersOfUpdate, type RowAsked } from './decide-row.ts'
import { inspectRows, lockRows, type RowState } from '../apply/inspect.ts'
import { askAuthorizer, authorizeRow, authorizerOf, forbidden } from '../check/rights.ts'
import type { PushContext } from '../push-context.ts'
import { readUntaken } from '../apply/untaken.ts'
import { losersUntaken } from './keep-untaken.ts'
import { writeBatch } from '../apply/write.ts'

/** A row of the batch with what was decided for it and how it came out. */
type Resolved = {
  row: number
  state: RowState
  writes: Map<number, WireValue>
  losers: Loser[]
  outcome: 'kept' | 'deleted' | 'missing'
  /** Places in the batch of the columns that were written, and which the database kept as they were; null: none. */
  untaken: readonly number[] | null
  after: { texts: WireRow; scopes: string[] } | null
}

export async function resolveRows(work: PushContext, batch: Batch): Promise<void> {
  await lockRows(work, batch)
  const states = await inspectRows(work, batch)
  work.horizon ??= await readHorizon(work.tx, work.context.bookkeeping)
  const resolved = states.map((state, row) => resolveRow(work, batch, { row, state }))
  await writeUpdates(work, batch, resolved)
  await writeDeletes(work, batch, resolved)
  await authorizeResolved(work, batch, resolved)
  await storeConflicts(
    work,
    resolved.flatMap((each) => conflictsOf(batch, each)),
  )
}

function resolveRow(
  work: PushContext,
  batch: Batch,
  { row, state }: Pick<Resolved, 'row' | 'state'>,
): Resolved {
  const asked = askedRow(work, batch, row)
  const nothing = { row, state, writes: new Map<number, WireValue>(), untaken: null, after: null }
  switch (judge(work, batch, { row, state })) {
    case 'missing':
      return { ...nothing, losers: [], outcome: 'missing' }
    case 'deleted-by-others':
      return { ...nothing, losers: losersOfUpdate(asked), outcome: 'missing' }
    case 'delete':
      return { ...nothing, losers: losersOfDelete(asked, state), outcome: 'deleted' }
    case 'merge':
      return { ...nothing, ...decideRow(asked, state), outcome: 'kept' }
  }
}

function askedRow(work: PushContext, batch: Batch, row: number): RowAsked {
  const at = (side: 'old' | 'new'): WireRow => batch[side].map((column) => column[row] ?? null)
  const owner = batch.owners[row]
  if (owner === undefined || work.horizon === null) throw new LandfallError('internal', { what: 'resolve' })
  return {
    columns: batch.columns,
    old: at('old'),
    new: at('new'),
    hlc: owner.hlc,
    client: work.client,
    horizon: work.horizon,
    custom: work.context.sync.policies[batch.table.name] ?? {},
    effort: work.effort,
  }
}

type Judgement = 'merge' | 'delete' | 'deleted-by-others' | 'missing'

/** What is to be done with a row, by what is there and what the user may do; throws what speaks against it. */
function judge(work: PushContext, batch: Batch, { row, state }: Pick<Resolved, 'row' | 'state'>): Judgement {
  const { operation, table } = batch
  const details = { table: table.name, key: keyAt(batch, row) }
  const visible = state.found && state.scopes.some((scope) => work.rights.holds(scope))
  if (!visible) {
    if (operation === 'delete') return 'missing'
    if (operation === 'insert') {
      if (!state.writableAfter) throw forbidden(work.rights, batch, { row })
      throw new LandfallError(state.found ? 'unique_violation' : 'not_taken', details)
    }
    if (!state.found && mayWriteIn(table, state.scopes)) return 'deleted-by-others'
    throw new LandfallError('row_missing', details)
  }
  const mayWrite = state.writable && (operation === 'delete' || state.writableAfter)
  if (!mayWrite) throw forbidden(work.rights, batch, { row, live: state.texts })
  return operation === 'delete' ? 'delete' : 'merge'
}

/** Whether these scopes, all held, give the right to write a row of the table. */
function mayWriteIn({ write }: ManifestTable, scopes: readonly string[]): boolean {
  return write.every((name) => scopes.some((scope) => scope.startsWith(`${name}:`)))
}

/** One statement for all rows of which the same columns are written. */
async function writeUpdates(work: PushContext, batch: Batch, resolved: readonly Resolved[]): Promise<void> {
  const groups = new Map<string, Resolved[]>()
  for (const each of resolved) {
    if (each.writes.size === 0) continue
    const shape = [...each.writes.keys()].join()
    const group = groups.get(shape)
    if (group) group.push(each)
    else groups.set(shape, [each])
  }
  for (const group of groups.values()) {
    const places = [...(group[0]?.writes.keys() ?? [])]
    await writeGroup(work, group, {
      ...pickRows(
        batch,
        group.map(({ row }) => row),
      ),
      operation: 'update',
      columns: places.flatMap((c) => batch.columns[c] ?? []),
      old: places.map((c) => group.map(({ state }) => state.columns[c]?.current ?? null)),
      new: places.map((c) => group.map(({ writes }) => writes.get(c) ?? null)),
    })
  }
}

async function writeDeletes(work: PushContext, batch: Batch, resolved: readonly Resolved[]): Promise<void> {
  const group = resolved.filter(({ outcome }) => outcome === 'deleted')
  if (group.length > 0)
    await writeGroup(
      work,
      group,
      pickRows(
        batch,
        group.map(({ row }) => row),
      ),
    )
}

async function writeGroup(work: PushContext, group: readonly Resolved[], batch: Batch): Promise<void> {
  const { rows, left } = await writeBatch(work, batch, { mode: 'force', wantRows: true })
  for (const { row, texts, scopes } of rows) {
    const each = group[row]
    if (each) each.after = { texts, scopes }
  }
  const places = [...(group[0]?.writes.keys() ?? [])]
  // Under its lock, and matched by its key alone: only the database itself can have kept it back.
  for (const row of left) markUntaken(group[row], places)
  for (const { row, columns } of await readUntaken(work, batch))
    markUntaken(
      group[row],
      columns.flatMap((c) => places[c] ?? []),
    )
}

function markUntaken(resolved: Resolved | undefined, places: readonly number[]): void {
  if (resolved) resolved.untaken = places
}

/** Also for what lost entirely: who may not change the row may not leave a value beside it either. */
async function authorizeResolved(
  work: PushContext,
  batch: Batch,
  resolved: readonly Resolved[],
): Promise<void> {
  const authorize = authorizerOf(work.context, batch.table)
  if (authorize === null) return
  for (const { row, state, outcome, after } of resolved) {
    if (outcome === 'missing') continue
    const before = authorizeRow(batch.table, state.texts)
    const wanted = Object.fromEntries(batch.columns.map(({ name }, c) => [name, batch.new[c]?.[row] ?? null]))
    const kept = after === null ? { ...before, ...wanted } : authorizeRow(batch.table, after.texts)
    await askAuthorizer(authorize, batch.table, {
      userId: work.user,
      operation: outcome === 'deleted' ? 'delete' : 'update',
      before,
      after: outcome === 'deleted' ? null : kept,
      newScope: after?.scopes.some((scope) => work.rights.makes(scope)) ?? false,
    })
  }
}

function conflictsOf(batch: Batch, each: Resolved): Conflict[] {
  const { row, state, outcome, after } = each
  const scopes = outcome === 'kept' && after !== null ? after.scopes : state.scopes
  return losersOf(batch, each).map((loser) => conflictOf(batch, { ...loser, row, scopes }))
}

/** Whoever would have won: what the database did not take has lost. */
function losersOf(batch: Batch, { row, state, losers, untaken }: Resolved): Loser[] {
  if (untaken === null) return losers
  const names = new Set<string | null>(untaken.map((c) => batch.columns[c]?.name ?? null))
  const others = losers.filter(({ column }) => batch.operation !== 'delete' && !names.has(column))
  return [...others, ...losersUntaken(batch, { row, columns: untaken, texts: state.texts })]
}
