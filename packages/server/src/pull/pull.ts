/**
 * Pull: moves a client from exactly the snapshot of its cursor to exactly the snapshot of the response (P5, P6, P9).
 *
 * Everything comes from one REPEATABLE READ transaction: the snapshot itself, the user's scopes, the acknowledged number
 * with its rejections, the log rows the cursor has not seen, and the live rows behind their keys. A key that has a live
 * row in a held scope arrives; one without, that the log says was deleted or moved away, is removed; one without either
 * is left alone, because TRUNCATE empties a table even for snapshots older than itself (its own log row follows in
 * the next pull). A truncated table is sent whole, since after TRUNCATE of one partition other rows are still there.
 */
import {
  changesetNumber,
  type ConflictRecord,
  encodeHlc,
  encodeKey,
  hlcFromTime,
  LandfallError,
  type ManifestTable,
  type PullRequest,
  type PullResponse,
  type Rejection,
  rowAt,
  rowCount,
  type ScopeKey,
  snapshotText,
  type TablePatch,
  type UserId,
  type WireColumns,
  type WireRow,
} from '@landfall/protocol'
import { quoteIdentifier, quoteTable } from '@landfall/schema'
import type { ServerContext } from '../context.ts'
import type { TransactionOptions, Tx } from '../database/database.ts'
import { checkHistory, readHistory, recordHistory } from '../log/history.ts'
import { prepareHolders, type PreparedHolders, readHeldScopes } from '../scopes/holders.ts'
import { columnBlock, createBinder, inScopes, keyColumns, textColumns } from '../sql/rows.ts'
import { readWindow, type TableWindow, unseenRows } from '../log/window.ts'

const SNAPSHOT: TransactionOptions = { isolation: 'repeatable read', readOnly: true }

export async function handlePull(
  context: ServerContext,
  request: PullRequest,
  user: UserId,
): Promise<PullResponse> {
  const holders = await prepareHolders(context, user)
  const attempt = (mayBeStale: boolean) =>
    context.database.transaction(SNAPSHOT, (tx) =>
      pullIn(tx, context, { request, user, holders, mayBeStale }),
    )
  const response = await attempt(false)
  if (response !== null) return response
  // The history row has to be older than the snapshot that names it.
  await recordHistory(context.database, context.randomness)
  // Much may have been committed in between.
  const second = await attempt(true)
  if (second === null) throw new LandfallError('server_busy', { reason: 'history' })
  return second
}

type Asked = {
  request: PullRequest
  user: UserId
  holders: PreparedHolders
  /** A history row that should have a successor will do. */
  mayBeStale: boolean
}

/** null: a history row is due first. */
async function pullIn(tx: Tx, context: ServerContext, asked: Asked): Promise<PullResponse | null> {
  const { request, user, mayBeStale } = asked
  const history = await readHistory(tx)
  if (history.id === null || (history.stale && !mayBeStale)) return null
  if (request.cursor) await checkHistory(tx, request.cursor.history, request.cursor.snapshot)
  const client = await readClient(tx, request, user)
  const held = await readHeldScopes(tx, asked.holders, context.limits.scopes)
  const requested = new Set(request.scopes)
  const scopes = held.filter((scope) => requested.has(scope))
  const stillHeld = new Set(scopes)
  return {
    cursor: { snapshot: client.snapshot, history: history.id },
    acknowledged: client.acknowledged,
    user,
    hlc: client.hlc,
    gained: held.filter((scope) => !requested.has(scope)),
    lost: request.scopes.filter((scope) => !stillHeld.has(scope)),
    tables: await readPatches(tx, context, { request, scopes }),
    rejections: client.rejections,
    conflicts: await readConflicts(tx, request, scopes),
  }
}

type ClientState = Pick<PullResponse, 'acknowledged' | 'hlc' | 'rejections'> & {
  snapshot: PullResponse['cursor']['snapshot']
}

async function readClient(tx: Tx, request: PullRequest, user: UserId): Promise<ClientState> {
  const [row] = await tx.query(
    `
    SELECT
      pg_current_snapshot()::text                                       AS snapshot,
      (date_part('epoch', clock_timestamp()) * 1000)::bigint::text      AS now,
      c.user_id,
      c.last_number::text                                               AS acknowledged,
      (SELECT coalesce(json_agg(json_build_object('number', r.number, 'error', r.error) ORDER BY r.number), '[]')
       FROM landfall.rejections r
       WHERE r.client = c.client AND r.number > $2::bigint)::text       AS rejections
    FROM (VALUES (1)) AS one
    LEFT JOIN landfall.clients c ON c.client = $1`,
    [request.client, request.acknowledged],
  )
  const owner = row?.['user_id'] ?? user
  if (owner !== user) throw new LandfallError('client_taken', { client: request.client })
  return {
    snapshot: snapshotText(row?.['snapshot'] ?? ''),
    acknowledged: changesetNumber(Number(row?.['acknowledged'] ?? 0)),
    hlc: encodeHlc(hlcFromTime(Number(row?.['now']))),
    rejections: JSON.parse(row?.['rejections'] ?? '[]') as Rejection[],
  }
}

type Scoped = { request: PullRequest; scopes: readonly ScopeKey[] }

async function readPatches(
  tx: Tx,
  context: ServerContext,
  { request, scopes }: Scoped,
): Promise<TablePatch[]> {
  if (request.cursor === null || scopes.length === 0) return []
  const limit = context.limits.pullKeys
  const changed = await readWindow(tx, request.cursor.snapshot, { scopes, limit })
  const patches: TablePatch[] = []
  for (const table of context.sync.manifest.tables) {
    const seen = changed.get(table.name)
    const patch = seen ? await readPatch(tx, table, { window: seen, scopes, limit }) : null
    if (patch) patches.push(patch)
  }
  return patches
}

type PatchOptions = { window: TableWindow; scopes: readonly ScopeKey[]; limit: number }

async function readPatch(tx: Tx, table: ManifestTable, options: PatchOptions): Promise<TablePatch | null> {
  const { window, scopes, limit } = options
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

async function readConflicts(
  tx: Tx,
  request: PullRequest,
  scopes: readonly ScopeKey[],
): Promise<ConflictRecord[]> {
  if (request.cursor === null || scopes.length === 0) return []
  const { params, bind } = createBinder()
  const where = `scopes && ${bind(scopes)}::text[]`
  const unseen = unseenRows(request.cursor.snapshot, bind, {
    table: 'landfall.conflicts',
    columns: '*',
    where,
  })
  const [row] = await tx.query(
    `
    SELECT coalesce(json_agg(json_build_object(
      'id', id, 'table', tbl, 'key', key, 'column', col, 'policy', policy, 'kept', kept, 'base', base,
      'mine', mine, 'theirs', theirs, 'client', client, 'number', number, 'user', user_id, 'hlc', hlc::text
    ) ORDER BY hlc, id), '[]')::text AS conflicts
    FROM (
      ${unseen}
    ) AS unseen`,
    params,
  )
  return JSON.parse(row?.['conflicts'] ?? '[]') as ConflictRecord[]
}
