/** Writes one batch: all its clean rows at once, the others by `resolveRows`; and asks the app's `authorize`. */
import { type Batch, pickRows } from './batch.ts'
import { lockRows, readRows } from './apply/inspect.ts'
import { keepUntaken } from './conflict/keep-untaken.ts'
import { resolveRows } from './conflict/resolve.ts'
import { askAuthorizer, authorizeRow, authorizerOf } from './check/rights.ts'
import type { PushContext } from './push-context.ts'
import { writeBatch, type WrittenRow } from './apply/write.ts'

export async function applyBatch(work: PushContext, batch: Batch): Promise<void> {
  const left = await writeClean(work, batch)
  if (left.length > 0) await resolveRows(work, pickRows(batch, left))
}

/** Writes the rows that are as the client has seen them. Answers the numbers of the others. */
export async function writeClean(work: PushContext, batch: Batch): Promise<number[]> {
  // An update of nothing: the changeset may still have been worth a number.
  if (batch.operation === 'update' && batch.columns.length === 0) return []
  const authorize = authorizerOf(work.context, batch.table)
  const asksBefore = authorize !== null && batch.operation === 'update'
  if (asksBefore) await lockRows(work, batch)
  const before = asksBefore ? await readRows(work, batch) : []
  const { left, rows } = await writeBatch(work, batch, { mode: 'compare', wantRows: authorize !== null })
  for (const written of authorize ? rows : []) {
    if (authorize) await askAuthorizer(authorize, batch.table, changeOf(work, batch, { written, before }))
  }
  await keepUntaken(work, left.length === 0 ? batch : pickRows(batch, others(batch, left)))
  return left
}

function others({ owners }: Batch, left: readonly number[]): number[] {
  const out = new Set(left)
  return owners.flatMap((_, row) => (out.has(row) ? [] : row))
}

type WrittenChange = { written: WrittenRow; before: readonly (readonly (string | null)[] | null)[] }

function changeOf(
  { user, rights }: PushContext,
  { table, operation }: Batch,
  { written, before }: WrittenChange,
) {
  const row = authorizeRow(table, written.texts)
  const was = before[written.row]
  return {
    userId: user,
    operation,
    before: operation === 'delete' ? row : was ? authorizeRow(table, was) : null,
    after: operation === 'delete' ? null : row,
    newScope: operation !== 'delete' && written.scopes.some((scope) => rights.makes(scope)),
  }
}
