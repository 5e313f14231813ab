/**
 * Pull: moves a client from exactly the snapshot of its cursor to exactly the snapshot of the response (P5, P6, P9).
 *
 * Everything comes from one REPEATABLE READ transaction: the snapshot itself, the user's scopes, the acknowledged number
 * with its rejections, the log rows that the cursor has not seen, and the live rows behind their keys.
 */
import { LandfallError, type PullRequest, type PullResponse, type UserId } from '@landfall/protocol'
import type { ServerContext } from '../context.ts'
import type { TransactionOptions, Tx } from '../database/database.ts'
import { readUncaptured } from '../gaps/uncaptured.ts'
import { checkHistory, readHistory, recordHistory } from '../log/history.ts'
import { prepareHolders, type PreparedHolders, readHeldScopes } from '../scopes/holders.ts'
import { readClient } from './client-state.ts'
import { readConflicts } from './conflict-records.ts'
import { NO_NEWS, readNews } from './patches.ts'

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
  await recordHistory(context.database, context.bookkeeping, context.randomness)
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
  const { bookkeeping } = context
  const { cursor } = request
  const history = await readHistory(tx, bookkeeping)
  if (history.id === null || (history.stale && !mayBeStale)) return null
  if (cursor) await checkHistory(tx, bookkeeping, cursor)
  const client = await readClient(tx, bookkeeping, { request, user })
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
    ...(cursor === null ? NO_NEWS : await readNews(tx, context, { cursor, scopes })),
    rejections: client.rejections,
    ...(client.deferrals ? { deferrals: client.deferrals } : {}),
    conflicts: cursor === null ? [] : await readConflicts(tx, bookkeeping, { seen: cursor.snapshot, scopes }),
    uncaptured: await readUncaptured(tx, bookkeeping, context.sync.manifest),
  }
}
