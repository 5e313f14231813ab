/**
 * Writes one changeset in a given order, row by row where their order can matter (P2.4).
 *
 * What a row held in between is compared and set like a change of those columns, by the same rights and the app's
 * `authorize`. Where it does not match, or Postgres refuses it, it is left out: the net change then meets whatever speaks
 * against it, as a conflict or an error, as always. The net change starts from the last value in between that was written.
 */
import type { WireValue } from '@landfall/protocol'
import { applyBatch, writeClean } from '../apply-batch.ts'
import { type Batch, type CheckedBlock, type CheckedChangeset, pickRows } from '../batch.ts'
import type { PushContext } from '../push-context.ts'
import { verdictOf } from '../verdict.ts'
import { groupMoves, type Move, type OrderContext, type Values } from './orders.ts'

export async function writeMoves(
  work: PushContext,
  changeset: CheckedChangeset,
  { moves, context }: { moves: Move[]; context: OrderContext },
): Promise<void> {
  const held = new Map<string, Values>()
  for (const group of groupMoves(moves, changeset, context)) {
    const [first] = group
    const block = changeset.blocks[first?.block ?? -1]
    if (first === undefined || block === undefined) continue
    const id = `${first.block} ${first.row}`
    const before = held.get(id) ?? null
    const batch = batchOf(
      block,
      changeset,
      group.map(({ row }) => row),
    )
    if (first.values === null) await applyBatch(work, before === null ? batch : afterBetween(batch, before))
    else if (await isWritten(work, between(batch, before, first.values)))
      held.set(id, { ...before, ...first.values })
  }
}

const batchOf = (block: CheckedBlock, owner: CheckedChangeset, rows: number[]): Batch => ({
  ...pickRows({ ...block, owners: [] }, rows),
  owners: rows.map(() => owner),
})

/** One row with these values; an inserted row comes into being with them. */
function between(batch: Batch, before: Values | null, values: Values): Batch {
  if (batch.operation === 'insert' && before === null) {
    const at = (name: string, given: WireValue[]) =>
      Object.hasOwn(values, name) ? [values[name] ?? null] : given
    return { ...batch, new: batch.columns.map(({ name }, c) => at(name, batch.new[c] ?? [])) }
  }
  const known = before === null ? { old: batch.old, new: batch.new } : startingAt(batch, before)
  const places = batch.columns.flatMap(({ name }, c) => (Object.hasOwn(values, name) ? c : []))
  return {
    ...batch,
    operation: 'update',
    columns: places.flatMap((c) => batch.columns[c] ?? []),
    old: places.map((c) => known.old[c] ?? []),
    new: places.map((c) => [values[batch.columns[c]?.name ?? ''] ?? null]),
  }
}

/** The net change of a row that holds these values now. */
function afterBetween(batch: Batch, before: Values): Batch {
  if (batch.operation !== 'insert') return { ...batch, ...startingAt(batch, before) }
  const isLeft = (name: string, c: number) =>
    Object.hasOwn(before, name) && before[name] !== batch.new[c]?.[0]
  const places = batch.columns.flatMap(({ name }, c) => (isLeft(name, c) ? c : []))
  const columns = places.flatMap((c) => batch.columns[c] ?? [])
  const inserted = {
    ...batch,
    operation: 'update' as const,
    columns,
    new: places.map((c) => batch.new[c] ?? []),
  }
  return { ...inserted, ...startingAt(inserted, before) }
}

function startingAt({ columns, old, new: after }: Batch, before: Values): Pick<Batch, 'old' | 'new'> {
  const at = (name: string, given: WireValue[]) =>
    Object.hasOwn(before, name) ? [before[name] ?? null] : given
  return { old: columns.map(({ name }, c) => at(name, old[c] ?? [])), new: after }
}

async function isWritten(work: PushContext, batch: Batch): Promise<boolean> {
  const { tx, context } = work
  await tx.query('SAVEPOINT landfall_between')
  try {
    const left = await writeClean(work, batch)
    await tx.query('RELEASE SAVEPOINT landfall_between')
    return left.length === 0
  } catch (error) {
    if (verdictOf(error, context.sync.manifest) === null) throw error
    await tx.query('ROLLBACK TO SAVEPOINT landfall_between')
    await tx.query('RELEASE SAVEPOINT landfall_between')
    return false
  }
}
