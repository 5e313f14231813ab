/**
 * The window: what the change log holds that a snapshot has not seen (P5, P6; ARCHITECTURE: "The ideas that carry it").
 *
 * Not visible in a snapshot are exactly the xids at or above its xmax and those that were in progress. Log rows that
 * the reading transaction cannot see either are hidden by Postgres itself. So no commit order and no long transaction
 * can make a row fall between two snapshots, and none is delivered twice.
 */
import {
  decodeSnapshot,
  EVERY_SCOPE,
  LandfallError,
  type ScopeKey,
  type SnapshotText,
} from '@landfall/protocol'
import type { Param, Tx } from '../database/database.ts'
import type { Bookkeeping } from './bookkeeping.ts'
import { LOG_OPERATIONS, MARKS, NO_CHANGES } from './tables.ts'
import { createBinder } from '../sql/row-columns.ts'

/** What has happened to one table within the window, as JSON texts of keys (each an array of key texts). */
export type TableWindow = {
  truncated: boolean
  /** Changes may have gone unlogged: the device is to verify the table. */
  marked: boolean
  /** Every key with a log row. */
  keys: string
  /** Those that were deleted or left a scope. */
  gone: string
}

type Bind = (value: Param) => string

/**
 * The rows of a table with `xid` that the snapshot has not seen, as SQL: `columns` of those that meet `where`. Two
 * index lookups of their own, because Postgres answers the OR of the two by reading all that meets `where`.
 */
export function unseenRows(
  snapshot: SnapshotText,
  bind: Bind,
  source: { table: string; columns: string; where: string },
): string {
  const { xmax, inProgress } = decodeSnapshot(snapshot)
  const select = `SELECT ${source.columns} FROM ${source.table} WHERE ${source.where}`
  const after = `${select} AND xid >= ${bind(xmax.toString())}::xid8`
  if (inProgress.length === 0) return after
  return `${after}\n      UNION ALL\n      ${select} AND xid = ANY (${bind(inProgress.map(String))}::xid8[])`
}

/** How many log rows a window may read for each key it may return. */
const LOG_ROWS_PER_KEY = 10

/** By table name. Throws `history_lost` when more keys changed than a pull may carry: loading again is cheaper. */
export async function readWindow(
  tx: Tx,
  { changes }: Bookkeeping,
  options: { snapshot: SnapshotText; scopes: readonly ScopeKey[]; limit: number },
): Promise<Map<string, TableWindow>> {
  const { deleted, left, truncated, failed } = LOG_OPERATIONS
  const { params, bind } = createBinder()
  const scopes = bind([...options.scopes, EVERY_SCOPE])
  const where = `scope = ANY (${scopes}::text[]) AND op <> '${failed}'`
  const unseen = unseenRows(options.snapshot, bind, { table: changes, columns: 'tbl, key, op', where })
  const rows = await tx.query(
    `
    WITH logged AS (
      ${unseen}
      LIMIT ${bind(options.limit * LOG_ROWS_PER_KEY + 1)}::bigint
    ),
    touched AS (
      SELECT tbl, key, bool_or(op = '${truncated}') AS truncated, bool_or(op IN ('${deleted}', '${left}')) AS gone,
        bool_or(op IN ${MARKS}) AS marked, key = '{}' AS whole, count(*) AS logged
      FROM logged
      GROUP BY tbl, key
    )
    SELECT
      tbl,
      bool_or(truncated)::text                                               AS truncated,
      bool_or(marked)::text                                                  AS marked,
      coalesce(json_agg(key) FILTER (WHERE NOT whole), '[]')::text            AS keys,
      coalesce(json_agg(key) FILTER (WHERE gone), '[]')::text                 AS gone,
      count(*)::text                                                         AS key_count,
      sum(logged)::text                                                      AS row_count
    FROM touched
    GROUP BY tbl`,
    params,
  )
  const total = (name: string) => rows.reduce((sum, row) => sum + Number(row[name]), 0)
  if (total('key_count') > options.limit || total('row_count') > options.limit * LOG_ROWS_PER_KEY) {
    throw new LandfallError('history_lost', { reason: 'too_far_behind', limit: options.limit })
  }
  return new Map(rows.map((row) => [row['tbl'] ?? '', decodeRow(row)]))
}

function decodeRow(row: { [column: string]: string | null }): TableWindow {
  return {
    truncated: row['truncated'] === 'true',
    marked: row['marked'] === 'true',
    keys: row['keys'] ?? '[]',
    gone: row['gone'] ?? '[]',
  }
}

/**
 * The keys of one table that the log has for the scopes since the snapshot, as a JSON text of keys; null when there are
 * more than the limit, or the table was truncated.
 */
export async function readUnseenKeys(
  tx: Tx,
  { changes }: Bookkeeping,
  options: { snapshot: SnapshotText; table: string; scopes: readonly ScopeKey[]; limit: number },
): Promise<string | null> {
  const { params, bind } = createBinder()
  const scopes = bind([...options.scopes, EVERY_SCOPE])
  const where = `scope = ANY (${scopes}::text[]) AND tbl = ${bind(options.table)} AND op NOT IN ${NO_CHANGES}`
  const unseen = unseenRows(options.snapshot, bind, { table: changes, columns: 'key, op', where })
  const [row] = await tx.query(
    `
    WITH logged AS (
      ${unseen}
      LIMIT ${bind(options.limit * LOG_ROWS_PER_KEY + 1)}::bigint
    ),
    touched AS (
      SELECT key, bool_or(op = '${LOG_OPERATIONS.truncated}') AS truncated, count(*) AS logged
      FROM logged
      GROUP BY key
    )
    SELECT
      coalesce(json_agg(key), '[]')::text          AS keys,
      coalesce(bool_or(truncated), false)::text    AS truncated,
      count(*)::text                               AS key_count,
      coalesce(sum(logged), 0)::text               AS row_count
    FROM touched`,
    params,
  )
  const tooMany =
    Number(row?.['key_count']) > options.limit ||
    Number(row?.['row_count']) > options.limit * LOG_ROWS_PER_KEY
  return tooMany || row?.['truncated'] === 'true' ? null : (row?.['keys'] ?? '[]')
}
