/**
 * The rows of a pull: the live rows behind the keys that the log has since the cursor.
 *
 * A key that has a live row in a held scope arrives; one without, that the log says was deleted or moved away, is
 * removed; one without either is left alone, because TRUNCATE empties a table even for snapshots older than itself (its
 * own log row follows in the next pull). A truncated table is sent whole, since after TRUNCATE of one partition other
 * rows are still there.
 */
import {
  type Cursor,
  encodeKey,
  LandfallError,
  type ManifestTable,
  type PullResponse,
  rowAt,
  rowCount,
  type ScopeKey,
  type TablePatch,
  type WireColumns,
  type WireRow,
} from '@landfall/protocol'
import { quoteIdentifier, quoteTable } from '@landfall/schema/internal'
import type { ServerContext } from '../context.ts'
import type { Tx } from '../database/database.ts'
import { readWindow, type TableWindow } from '../log/window.ts'
import { columnBlock, createBinder, keyColumns, textColumns } from '../sql/row-columns.ts'
import { inScopes } from '../sql/scope-sql.ts'

/** What the client may see of the rows that its cursor has not seen, and which tables have been marked since. */
export type News = Pick<PullResponse, 'tables' | 'marked'>

export const NO_NEWS: News = { tables: [], marked: [] }

export async function readNews(
  tx: Tx,
  context: ServerContext,
  { cursor, scopes }: { cursor: Cursor; scopes: readonly ScopeKey[] },
): Promise<News> {
  if (scopes.length === 0) return NO_NEWS
  const limit = context.limits.pullKeys
  const changed = await readWindow(tx, context.bookkeeping, { snapshot: cursor.snapshot, scopes, limit })
  const { tables, marked }: News = { tables: [], marked: [] }
  for (const table of context.sync.manifest.tables) {
    const seen = changed.get(table.name)
    const patch = seen ? await readPatch(tx, table, { window: seen, scopes, limit }) : null
    if (patch) tables.push(patch)
    if (seen?.marked) marked.push(table.name)
  }
  return { tables, marked }
}

type PatchOptions = { window: TableWindow; scopes: readonly ScopeKey[]; limit: number }

async function readPatch(tx: Tx, table: ManifestTable, options: PatchOptions): Promise<TablePatch | null> {
  const { window, scopes, limit } = options
  // A table that is only marked is not read: it may be one that cannot be, for its columns have changed.
  if (!window.truncated && window.keys === '[]') return null
  const rows = await readLiveRows(tx, table, options)
  if (rowCount(rows) > limit) throw new LandfallError('history_lost', { reason: 'too_far_behind', limit })
  // A truncated table that the client holds no part of is none of its business.
  const concerned = !window.truncated || inScopes(table, scopes, () => '') !== null
  if (!concerned) return null
  const removed = window.truncated ? table.key.map(() => []) : removedKeys(table, rows, window.gone)
  if (!window.truncated && rowCount(rows) === 0 && rowCount(removed) === 0) return null
  return { table: table.name, truncated: window.truncated, rows, removed }
}

async function readLiveRows(tx: Tx, table: ManifestTable, options: PatchOptions): Promise<WireColumns> {
  const { params, bind } = createBinder()
  const condition = inScopes(table, options.scopes, bind)
  if (condition === null) return table.columns.map(() => [])
  const all = `FROM ${quoteTable(table)} t WHERE ${condition} LIMIT ${options.limit + 1}`
  const source = options.window.truncated ? all : joinKeys(table, bind(options.window.keys), condition)
  const [row] = await tx.query(
    `
    SELECT ${columnBlock(table.columns.length)}::text AS rows
    FROM (SELECT ${textColumns(table)} ${source}) AS live`,
    params,
  )
  return JSON.parse(row?.['rows'] ?? '[]') as WireColumns
}

/** Looks the keys up by the primary key's index. */
function joinKeys(table: ManifestTable, keys: string, condition: string): string {
  const columns = keyColumns(table)
  const typed = columns.map((column, i) => `(k.key ->> ${i})::${column.type.sql} AS k${i}`)
  const equal = columns.map((column, i) => `t.${quoteIdentifier(column.name)} = asked.k${i}`)
  return `
    FROM (SELECT ${typed.join(', ')} FROM json_array_elements(${keys}::json) AS k(key)) AS asked
    JOIN ${quoteTable(table)} t ON ${equal.join(' AND ')}
    WHERE ${condition}`
}

function removedKeys(table: ManifestTable, rows: WireColumns, gone: string): WireColumns {
  const keys = JSON.parse(gone) as WireRow[]
  const places = table.key.map((name) => table.columns.findIndex((column) => column.name === name))
  const keyBlock = places.map((place) => rows[place] ?? [])
  const alive = new Set(
    keys.length === 0 ? [] : Array.from({ length: rowCount(rows) }, (_, i) => encodeKey(rowAt(keyBlock, i))),
  )
  const removed = keys.filter((key) => !alive.has(encodeKey(key)))
  return table.key.map((_, i) => removed.map((key) => key[i] ?? null))
}
