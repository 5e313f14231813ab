/**
 * The three statements that write a batch, as SQL text.
 *
 * `compare` writes only rows that the client has seen as they are and that the user may write, before and after; what
 * stays unwritten is looked at row by row (`resolve.ts`). `force` writes rows that have been decided under their lock.
 * Each answers how many rows were written, which ones if not all, and those that the user had no right to make:
 * triggers and defaults have the last word on a row's scopes, so that is judged on the row as it came out.
 */
import { quoteIdentifier, quoteTable } from '@landfall/schema/internal'
import { type Bind, columnOf, keyColumns } from '../../sql/row-columns.ts'
import { scopeColumns } from '../../sql/scope-sql.ts'
import type { Batch } from '../batch.ts'
import type { Rights } from '../check/rights.ts'
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

export type WriteMode = 'compare' | 'force'
export type WriteOptions = { mode: WriteMode; rights: Rights; bind: Bind; wantRows: boolean }

export function insertSql(batch: Batch, options: WriteOptions): string {
  const { table, columns } = batch
  const key = keyColumns(table)
  const keyNames = key.map(({ name }) => quoteIdentifier(name)).join(', ')
  const names = [keyNames, ...columns.map(({ name }) => quoteIdentifier(name))]
  const values = [
    ...key.map((column, i) => typed(`u.k${i}`, column)),
    ...columns.map((column, i) => typed(`u.w${i}`, column)),
  ]
  const write = `
    INSERT INTO ${quoteTable(table)} AS t (${names.join(', ')})
    SELECT ${values.join(', ')}
    FROM ${sourceOf(batch, { old: false, new: true }, options.bind)}
    WHERE ${isWritableAfter(batch, options)}
    ON CONFLICT (${keyNames}) DO NOTHING`
  return reportSql(batch, write, { ...options, row: `to_json(${keyTexts(table, 't')})` })
}

export function updateSql(batch: Batch, options: WriteOptions): string {
  const sets = batch.columns.map(
    (column, i) => `${quoteIdentifier(column.name)} = ${typed(`u.w${i}`, column)}`,
  )
  const write = `
    UPDATE ${quoteTable(batch.table)} AS t
    SET ${sets.join(', ')}
    FROM ${sourceOf(batch, { old: options.mode === 'compare', new: true }, options.bind)}
    WHERE ${conditions(batch, options)}`
  return reportSql(batch, write, { ...options, row: 'u.n' })
}

export function deleteSql(batch: Batch, options: WriteOptions): string {
  const write = `
    DELETE FROM ${quoteTable(batch.table)} AS t
    USING ${sourceOf(batch, { old: options.mode === 'compare', new: false }, options.bind)}
    WHERE ${conditions(batch, options)}`
  return reportSql(batch, write, { ...options, row: 'u.n' })
}

function conditions(batch: Batch, options: WriteOptions): string {
  const { table, columns, operation } = batch
  const compared =
    options.mode === 'force'
      ? []
      : [
          ...columns.map((column, i) => isSame(column, `u.o${i}`)),
          isWritable(table, { bind: options.bind, keys: options.rights.keys, value: liveColumn }),
          ...(operation === 'update' && movesScope(batch) ? [isWritableAfter(batch, options)] : []),
        ]
  return [matchesKey(table), ...compared].join('\n      AND ')
}

function movesScope({ table, columns }: Batch): boolean {
  return table.scopes.some(
    (each) =>
      table.write.includes(each.scope) && columns.some(({ name }) => scopeColumns(each).includes(name)),
  )
}

/**
 * Whether the user may write the row as the client wants it, before anything is tried: an error of Postgres would tell
 * whether a value exists in a scope of others. What an insert leaves to a default is judged afterwards.
 */
export function isWritableAfter(
  batch: Batch,
  { rights, bind }: Pick<WriteOptions, 'rights' | 'bind'>,
): string {
  const { table, operation } = batch
  const value = (column: string): string | null => {
    const k = table.key.indexOf(column)
    const c = batch.columns.findIndex(({ name }) => name === column)
    if (k >= 0) return typed(`u.k${k}`, columnOf(table, column))
    if (c >= 0) return typed(`u.w${c}`, columnOf(table, column))
    return operation === 'update' ? liveColumn(column) : null
  }
  return isWritable(table, { bind, keys: rights.keysAfter, value })
}

type Report = WriteOptions & { row: string }

function reportSql({ table, operation, owners }: Batch, write: string, report: Report): string {
  const { rights, bind, row, mode, wantRows } = report
  const permitted =
    operation === 'delete' ? 'true' : isWritable(table, { bind, keys: rights.keysAfter, value: liveColumn })
  const details = mode === 'force' || wantRows
  return `
  WITH written AS (${write}
    RETURNING ${row} AS row, ${permitted} AS permitted${
      details
        ? `,
      ${rowTexts(table)} AS texts, to_json(${scopesOf(table)}) AS scopes`
        : ''
    }
  )
  SELECT
    count(*)::text AS count,
    (CASE WHEN count(*) < ${bind(owners.length)}::bigint THEN json_agg(row) END)::text AS rows,
    (json_agg(row) FILTER (WHERE NOT permitted))::text AS refused${
      details
        ? `,
    json_agg(json_build_object('row', row, 'texts', texts, 'scopes', scopes))::text AS details`
        : ''
    }
  FROM written`
}
