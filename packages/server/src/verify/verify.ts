/**
 * Verify: one question about one table, answered from one snapshot (P3.3; the message is in `protocol/src/verify.ts`).
 *
 * One REPEATABLE READ transaction checks the cursor's history, reads the scopes that the user holds, names the keys that
 * the log has since the cursor, and sums up or shows the rest. A row's hash tells as much as the row, so scopes that
 * are not held are left out of every answer, and named as lost.
 */
import {
  LandfallError,
  type ManifestTable,
  MAX_VERIFY_SCOPES,
  type UserId,
  type VerifyAnswer,
  type VerifyRequest,
  type VerifyResponse,
  type WireColumns,
  type WireRow,
} from '@landfall/protocol'
import type { ServerContext } from '../context.ts'
import type { Limits } from '../limits.ts'
import { PostgresError, type TransactionOptions, type Tx } from '../database/database.ts'
import { checkHistory, readHistory } from '../log/history.ts'
import { prepareHolders, type PreparedHolders, readHeldScopes } from '../scopes/holders.ts'
import { readUnseenKeys } from '../log/window.ts'
import { type Asked, readBuckets, readChecksums, readHashes } from './checksums.ts'
import { readRows } from './read-rows.ts'

const SNAPSHOT: TransactionOptions = { isolation: 'repeatable read', readOnly: true }

export async function handleVerify(
  context: ServerContext,
  request: VerifyRequest,
  user: UserId,
): Promise<VerifyResponse> {
  const table = context.sync.manifest.tables.find(({ name }) => name === request.table)
  if (table === undefined) throw new LandfallError('bad_request', { what: 'table' })
  if (request.ask.kind !== 'rows' && request.scopes.length > MAX_VERIFY_SCOPES)
    throw new LandfallError('too_large', { what: 'scopes', limit: MAX_VERIFY_SCOPES })
  const holders = await prepareHolders(context, user)
  const attempt = (asText: boolean) =>
    context.database.transaction(SNAPSHOT, (tx) =>
      answerIn(tx, context, { request, user, holders, table, asText }),
    )
  try {
    return await attempt(false)
  } catch (error) {
    // Some row's key is no value of its column's type: it names no row, but the others do.
    if (error instanceof PostgresError && error.sqlstate.startsWith('22')) return attempt(true)
    throw error
  }
}

type Question = {
  request: VerifyRequest
  user: UserId
  holders: PreparedHolders
  table: ManifestTable
  asText: boolean
}

async function answerIn(tx: Tx, context: ServerContext, question: Question): Promise<VerifyResponse> {
  const { request, user, table } = question
  const { bookkeeping, limits } = context
  // A pull records a new start of Postgres, and only then can the cursor be judged.
  if ((await readHistory(tx, bookkeeping)).id === null) return { behind: true }
  await checkHistory(tx, bookkeeping, request.cursor)
  const held = new Set(await readHeldScopes(tx, question.holders, limits.scopes))
  const scopes = request.scopes.filter((scope) => held.has(scope))
  const lost = request.scopes.filter((scope) => !held.has(scope))
  const said = { behind: false as const, user, lost }
  if (request.ask.kind === 'rows') {
    const answer = await readRows(tx, table, {
      scopes,
      keys: request.ask.keys,
      asText: question.asText,
      limits,
    })
    return { ...said, except: table.key.map(() => []), answer }
  }
  const { snapshot } = request.cursor
  const options = { snapshot, table: table.name, scopes, limit: limits.verifyKeys }
  const except = await readUnseenKeys(tx, bookkeeping, options)
  if (except === null) return { behind: true }
  const asked = { table, scopes, except, limit: limits.verifyRows }
  return { ...said, except: keyColumnsOf(table, except), answer: await sumUp(tx, request.ask, asked) }
}

function sumUp(tx: Tx, ask: VerifyRequest['ask'], asked: Asked): Promise<VerifyAnswer> {
  switch (ask.kind) {
    case 'buckets':
      return readBuckets(tx, ask.bits, asked)
    case 'hashes':
      return readHashes(tx, ask, asked)
    default:
      return readChecksums(tx, asked)
  }
}

function keyColumnsOf(table: ManifestTable, json: string): WireColumns {
  const keys = JSON.parse(json) as WireRow[]
  return table.key.map((_, i) => keys.map((key) => key[i] ?? null))
}

export type VerifyGate = <T>(user: UserId, work: () => Promise<T>) => Promise<T>

const BUSY_MS = 1_000

/** Lets each user, and all together, ask so many questions at once in this process: each reads as many rows as the scopes have. */
export function createVerifyGate({
  verifiesPerUser,
  verifies,
}: Pick<Limits, 'verifiesPerUser' | 'verifies'>): VerifyGate {
  const underWay = new Map<UserId, number>()
  let all = 0
  return async (user, work) => {
    const count = underWay.get(user) ?? 0
    if (count >= verifiesPerUser) throw new LandfallError('rate_limited', { retryAfterMs: BUSY_MS })
    if (all >= verifies) throw new LandfallError('server_busy', { reason: 'verify', retryAfterMs: BUSY_MS })
    underWay.set(user, count + 1)
    all++
    try {
      return await work()
    } finally {
      all--
      const left = (underWay.get(user) ?? 1) - 1
      if (left > 0) underWay.set(user, left)
      else underWay.delete(user)
    }
  }
}
