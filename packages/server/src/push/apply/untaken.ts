/**
 * Which rows the database left as they were although it was told to write them, and said nothing.
 *
 * A trigger of the host may hand back the old row, or write it once more behind the statement. So the rows are read again
 * in a new statement, after such triggers have run; only where the host has any, since it costs a statement a batch. A
 * value that a trigger changes further (lower case, a time) is taken: a column counts only if it holds what it held
 * before, and the client wanted another. Triggers that are deferred to the end of the transaction are not seen.
 */
import type { WireRow } from '@landfall/protocol'
import { quoteTable } from '@landfall/schema/internal'
import { createBinder } from '../../sql/row-columns.ts'
import type { Batch } from '../batch.ts'
import type { PushContext } from '../push-context.ts'
import { areSame, isSame, matchesKey, rowTexts, scopesOf, sourceOf, typed } from './row-sql.ts'

/** A row of the batch, with the places of the columns that stayed, and the whole row as it is. */
export type Untaken = { row: number; columns: readonly number[]; texts: WireRow; scopes: string[] }

/** Of a batch that was just written, updates or deletes; its `old` is what the rows held before. */
export async function readUntaken(work: PushContext, batch: Batch): Promise<Untaken[]> {
  if (batch.operation === 'insert' || batch.owners.length === 0) return []
  work.hostTriggers ??= await readHostTriggers(work)
  if (!work.hostTriggers.has(batch.table.name)) return []
  const { params, bind } = createBinder()
  const isUpdate = batch.operation === 'update'
  const stayed = batch.columns.map((column, i) => {
    const isWanted = areSame(column, typed(`u.o${i}`, column), typed(`u.w${i}`, column))
    return `(${isSame(column, `u.o${i}`)} AND NOT (${isWanted}))`
  })
  const rows = await work.tx.query(
    `
    SELECT u.n::text AS n, ${isUpdate ? `to_json(ARRAY[${stayed.join(', ')}])::text` : `'[]'`} AS stayed,
      ${rowTexts(batch.table)}::text AS texts, to_json(${scopesOf(batch.table)})::text AS scopes
    FROM ${sourceOf(batch, { old: isUpdate, new: isUpdate }, bind)}
    JOIN ${quoteTable(batch.table)} AS t ON ${matchesKey(batch.table)}
    WHERE ${isUpdate ? stayed.join(' OR ') : 'true'}
    ORDER BY u.n`,
    params,
  )
  return rows.map(({ n, stayed: marks, texts, scopes }) => ({
    row: Number(n) - 1,
    columns: (JSON.parse(marks ?? '[]') as boolean[]).flatMap((mark, c) => (mark ? c : [])),
    texts: JSON.parse(texts ?? '[]') as WireRow,
    scopes: JSON.parse(scopes ?? '[]') as string[],
  }))
}

/** Names of the synced tables that have, or whose partitions have, triggers that are not ours. */
async function readHostTriggers({ tx, context }: PushContext): Promise<Set<string>> {
  const { tables } = context.sync.manifest
  const rows = await tx.query(
    `
    WITH RECURSIVE family AS (
      SELECT u.name, to_regclass(u.relation)::oid AS relation
      FROM unnest($1::text[], $2::text[]) AS u(name, relation)
      UNION
      SELECT f.name, i.inhrelid FROM family AS f JOIN pg_inherits AS i ON i.inhparent = f.relation
    )
    SELECT DISTINCT f.name
    FROM family AS f
    JOIN pg_trigger AS g ON g.tgrelid = f.relation
    WHERE NOT g.tgisinternal AND g.tgenabled <> 'D' AND g.tgname !~ '^landfall_.*_(insert|update|delete|truncate)$'`,
    [tables.map(({ name }) => name), tables.map(quoteTable)],
  )
  return new Set(rows.flatMap(({ name }) => name ?? []))
}
