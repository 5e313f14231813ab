/**
 * The rows that repair a device: those of the keys it names that are in its scopes, in the order of the keys.
 *
 * An answer ends after so many bytes; `answered` says how many keys it speaks of, so that a key without a row among
 * them is known to be gone.
 */
import {
  LandfallError,
  type ManifestTable,
  rowAt,
  rowCount,
  type ScopeKey,
  type VerifyAnswer,
  type WireColumns,
} from '@landfall/protocol'
import { quoteIdentifier, quoteTable } from '@landfall/schema/internal'
import type { Tx } from '../database/database.ts'
import type { Limits } from '../limits.ts'
import { bytesOfRow, columnBlock, createBinder, keyColumns, textColumns } from '../sql/row-columns.ts'
import { inScopes } from '../sql/scope-sql.ts'

export type RowsAsked = {
  scopes: readonly ScopeKey[]
  keys: WireColumns
  /** Compare keys as text only: some is no value of its column's type. */
  asText: boolean
  limits: Pick<Limits, 'pageBytes'>
}

export async function readRows(tx: Tx, table: ManifestTable, asked: RowsAsked): Promise<VerifyAnswer> {
  if (asked.keys.length !== table.key.length) throw new LandfallError('bad_request', { what: 'keys' })
  const answered = rowCount(asked.keys)
  const { params, bind } = createBinder()
  const condition = inScopes(table, asked.scopes, bind)
  const keys = Array.from({ length: answered }, (_, row) => rowAt(asked.keys, row))
  if (condition === null || answered === 0)
    return { kind: 'rows', answered, rows: table.columns.map(() => []) }
  const limit = bind(asked.limits.pageBytes)
  const [row] = await tx.query(
    `
    WITH found AS MATERIALIZED (
      SELECT asked.place, ${textColumns(table)}
      FROM json_array_elements(${bind(JSON.stringify(keys))}::json) WITH ORDINALITY AS asked(key, place)
      JOIN ${quoteTable(table)} t ON ${sameKey(table, asked.asText)}
      WHERE ${condition}
    ),
    sized AS (
      SELECT *, sum(${bytesOfRow(table)}) OVER (ORDER BY place) - (${bytesOfRow(table)}) AS bytes_before FROM found
    )
    SELECT
      (SELECT ${columnBlock(table.columns.length)}::text FROM sized WHERE bytes_before < ${limit}::bigint) AS rows,
      (SELECT (min(place) - 1)::text FROM sized WHERE bytes_before >= ${limit}::bigint)                    AS answered`,
    params,
  )
  return {
    kind: 'rows',
    answered: Number(row?.['answered'] ?? answered),
    rows: JSON.parse(row?.['rows'] ?? '[]') as WireColumns,
  }
}

/** By the key's own type, which its index serves. */
function sameKey(table: ManifestTable, asText: boolean): string {
  return keyColumns(table)
    .map(({ name, type }, i) => {
      const [column, key] = [`t.${quoteIdentifier(name)}`, `(asked.key ->> ${i})`]
      return asText ? `${column}::text COLLATE "C" = ${key}` : `${column} = ${key}::${type.sql}`
    })
    .join(' AND ')
}
