/**
 * Looks at the rows of a batch that could not simply be written, under their locks: what is there, since when, by whom.
 *
 * The statement that looks must be a new one, after the one that locks: a statement that waited for a lock has an
 * older snapshot for everything but the locked row. Equality and merged values are Postgres' own, by type.
 */
import { decodeHlc, type Hlc, type ManifestColumn, type WireRow, type WireValue } from '@landfall/protocol'
import { quotePostgresLiteral as quote, quoteTable } from '@landfall/schema/internal'
import type { TextRow } from '../../database/database.ts'
import { LOG_OPERATIONS } from '../../log/tables.ts'
import { type Bind, createBinder, keyColumns } from '../../sql/row-columns.ts'
import type { Batch } from '../batch.ts'
import { mergeSql } from './merge-sql.ts'
import {
  isSame,
  isWritable,
  keyTexts,
  liveColumn,
  matchesKey,
  rowTexts,
  scopesOf,
  sourceOf,
  typed,
} from './row-sql.ts'
import type { PushContext } from '../push-context.ts'
import { isWritableAfter } from './write-sql.ts'

export type ColumnState = {
  currentIsOld: boolean
  currentIsNew: boolean
  /** What Postgres holds. */
  current: WireValue
  /** Who wrote it and when; null when the change log does not know. */
  written: { hlc: Hlc; client: string } | null
  /** What the policy makes of both sides, where Postgres computes it. */
  merged: WireValue
}

export type RowState = {
  found: boolean
  writable: boolean
  /** May the user write the row as it is to be. */
  writableAfter: boolean
  /** The scopes of the row; of a missing one those in which the user could have seen that it was deleted. */
  scopes: string[]
  /** By the batch's columns. */
  columns: ColumnState[]
  /** The whole live row; empty when there is none. */
  texts: WireRow
}

/** Locks the live rows of the batch in the order of their keys, so that two pushes wait for each other in one order. */
export async function lockRows(work: PushContext, batch: Batch): Promise<void> {
  const { params, bind } = createBinder()
  const order = keyColumns(batch.table).map(({ name }) => liveColumn(name))
  await work.tx.query(
    `
    SELECT count(*)
    FROM (
      SELECT FROM ${quoteTable(batch.table)} AS t
      JOIN ${sourceOf(batch, { old: false, new: false }, bind)} ON ${matchesKey(batch.table)}
      ORDER BY ${order.join(', ')}
      FOR ${batch.operation === 'delete' ? '' : 'NO KEY '}UPDATE OF t
    ) AS locked`,
    params,
  )
}

/** The state of each row, in the batch's order. The rows must be locked. */
export async function inspectRows(work: PushContext, batch: Batch): Promise<RowState[]> {
  const { params, bind } = createBinder()
  const rows = await work.tx.query(inspectSql(work, batch, bind), params)
  return rows.map((row) => decodeState(row, batch))
}

function inspectSql({ context, rights }: PushContext, batch: Batch, bind: Bind): string {
  const { table } = batch
  const { changes } = context.bookkeeping
  const key = keyColumns(table).map(({ name }) => liveColumn(name))
  const found = `${key[0]} IS NOT NULL`
  const columns = batch.columns.flatMap((column, i) => columnStateSql(batch, { column, i, bind, changes }))
  return `
  SELECT
    (${found})::text AS found,
    (${isWritable(table, { bind, keys: rights.keys, value: liveColumn })})::text AS writable,
    (${isWritableAfter(batch, { rights, bind })})::text AS writable_after,
    to_json(CASE WHEN ${found} THEN ${scopesOf(table)} ELSE ${deletedFromSql(batch, rights, { bind, changes })} END)::text AS scopes,
    ${rowTexts(table)}::text AS texts${columns.map((expression) => `,\n    ${expression}`).join('')}
  FROM ${sourceOf(batch, { old: true, new: true }, bind)}
  LEFT JOIN ${quoteTable(table)} AS t ON ${matchesKey(table)}
  ORDER BY u.n`
}

type ColumnPlace = { column: ManifestColumn; i: number; bind: Bind; changes: string }

function columnStateSql({ table, operation }: Batch, { column, i, bind, changes }: ColumnPlace): string[] {
  const isOld = isSame(column, `u.o${i}`)
  const sides = {
    cur: liveColumn(column.name),
    old: typed(`u.o${i}`, column),
    new: typed(`u.w${i}`, column),
  }
  const merge = operation === 'delete' ? null : mergeSql(column, sides)
  return [
    `(${isOld})::text AS old${i}`,
    `(${isSame(column, `u.w${i}`)})::text AS new${i}`,
    `CASE WHEN NOT (${isOld}) THEN (
      SELECT c.hlc::text || ' ' || coalesce(c.client, '')
      FROM ${changes} AS c
      WHERE ${isLogged(table, { key: keyTexts(table, 't'), bind })}
        AND (c.columns IS NULL OR ${quote(column.name)} = ANY (c.columns))
      ORDER BY c.seq DESC
      LIMIT 1
    ) END AS written${i}`,
    ...(merge === null ? [] : [`CASE WHEN NOT (${isOld}) THEN ${merge} END AS merged${i}`]),
  ]
}

/** That the log row `c` is of this key, as its index has it. */
function isLogged({ name }: Batch['table'], { key, bind }: { key: string; bind: Bind }): string {
  const logged = `${key} COLLATE "C"`
  return `hash_array_extended(c.key, 0) = hash_array_extended(${logged}, 0) AND c.key = ${logged} AND c.tbl = ${bind(name)}`
}

/** The scopes, of those that the user holds, that saw a row with this key being deleted. */
function deletedFromSql(
  { table }: Batch,
  rights: PushContext['rights'],
  { bind, changes }: { bind: Bind; changes: string },
): string {
  const held = table.scopes.flatMap(({ scope, column }) =>
    column === null ? [] : rights.keys(scope).map((key) => `${scope}:${key}`),
  )
  return `ARRAY(
      SELECT DISTINCT c.scope
      FROM ${changes} AS c
      WHERE ${isLogged(table, { key: keyTexts(table, 'u'), bind })} AND c.op = '${LOG_OPERATIONS.deleted}'
        AND c.scope IN (SELECT unnest(${bind(held)}::text[]))
    )`
}

/** The live rows as they are now, by their number in the batch; null where there is none. The rows must be locked. */
export async function readRows(work: PushContext, batch: Batch): Promise<(WireRow | null)[]> {
  const { params, bind } = createBinder()
  const rows = await work.tx.query(
    `
    SELECT CASE WHEN ${liveColumn(batch.table.key[0] ?? '')} IS NOT NULL THEN ${rowTexts(batch.table)} END::text AS texts
    FROM ${sourceOf(batch, { old: false, new: false }, bind)}
    LEFT JOIN ${quoteTable(batch.table)} AS t ON ${matchesKey(batch.table)}
    ORDER BY u.n`,
    params,
  )
  return rows.map(({ texts }) =>
    texts === null || texts === undefined ? null : (JSON.parse(texts) as WireRow),
  )
}

function decodeState(row: TextRow, { table, columns }: Batch): RowState {
  const texts = JSON.parse(row['texts'] ?? '[]') as WireRow
  return {
    found: row['found'] === 'true',
    writable: row['writable'] === 'true',
    writableAfter: row['writable_after'] === 'true',
    scopes: JSON.parse(row['scopes'] ?? '[]') as string[],
    texts,
    columns: columns.map((column, i) => ({
      currentIsOld: row[`old${i}`] === 'true',
      currentIsNew: row[`new${i}`] === 'true',
      current: texts[table.columns.indexOf(column)] ?? null,
      written: decodeWritten(row[`written${i}`]),
      merged: row[`merged${i}`] ?? null,
    })),
  }
}

function decodeWritten(text: string | null | undefined): ColumnState['written'] {
  if (text === null || text === undefined) return null
  const [stamp = '0', client = ''] = text.split(' ')
  return { hlc: decodeHlc(stamp), client }
}
