/**
 * Push: verdicts, data and the client's last number are committed together, so that a changeset takes effect once or
 * not at all however often it is sent (P2).
 *
 * One transaction: lock the client's row, which lets its pushes through one at a time; leave out what already has a
 * verdict; apply the rest in runs; keep the reasons of the rejected; advance the number. A transaction that loses a
 * deadlock starts over from the beginning.
 */
import {
  type Changeset,
  type ChangesetNumber,
  type ErrorData,
  LandfallError,
  type PushRequest,
  type PushResponse,
  Standing,
  type UserId,
  type Verdict,
} from '@landfall/protocol'
import type { ServerContext } from '../context.ts'
import type { TransactionOptions, Tx } from '../database/database.ts'
import { checkHistory } from '../log/history.ts'
import { prepareHolders } from '../scopes/holders.ts'
import { applyInOrder, type OrderedPart } from './apply-in-order.ts'
import type { CheckedChangeset } from './batch.ts'
import { checkChangeset } from './check/check-changeset.ts'
import { Deferrals } from './deferrals.ts'
import { EFFORT_OF_A_PUSH } from './conflict/merge-text.ts'
import { retryCollisions } from './retry.ts'
import { Patience } from './patience.ts'
import { Rights } from './check/rights.ts'
import { verdictOf } from './verdict.ts'
import { type PushContext, readRights } from './push-context.ts'

const WRITE: TransactionOptions = { isolation: 'read committed', readOnly: false }

/** Applies the changesets that have no verdict yet. Answers a verdict each, in order; of a long push for its front. */
export async function handlePush(
  context: ServerContext,
  request: PushRequest,
  user: UserId,
): Promise<PushResponse> {
  if (request.user !== undefined && request.user !== user) throw new LandfallError('user_changed')
  checkNumbers(request.changesets)
  const holders = await prepareHolders(context, user)
  const verdicts = await retryCollisions(context, (mayStartOver) =>
    context.database.transaction(WRITE, (tx) =>
      pushIn(tx, context, { request, user, holders, mayStartOver }),
    ),
  )
  return { verdicts }
}

/** Numbers may have gaps (after a restore of Postgres or of a client), but never fall or repeat. */
function checkNumbers(changesets: readonly Changeset[]): void {
  const rising = changesets.every(({ number }, i) => i === 0 || number > (changesets[i - 1]?.number ?? 0))
  if (!rising) throw new LandfallError('bad_request', { what: 'changeset numbers' })
}

type Pushed = Pick<PushContext, 'user' | 'holders' | 'mayStartOver'> & { request: PushRequest }

async function pushIn(tx: Tx, context: ServerContext, pushed: Pushed): Promise<Verdict[]> {
  const { request, user, holders, mayStartOver } = pushed
  const { last, isLate, patience } = await lockClient(tx, context, pushed)
  await checkHistory(tx, context.bookkeeping, { history: request.history, snapshot: null })
  const deferrals = await openDeferrals(tx, context, request)
  const isShut = isLate || deferrals.isFull
  const fresh = isShut ? [] : request.changesets.filter(({ number }) => number > last)
  const repeated = request.changesets.filter(({ number }) => number <= last)
  const work: PushContext = {
    context,
    tx,
    client: request.client,
    user,
    holders,
    foreignKeys: await context.catalog.foreignKeys(tx),
    rights: new Rights([]),
    standing: new Standing(),
    deferrals,
    patience,
    mayStartOver,
    horizon: null,
    faults: null,
    hostTriggers: null,
    effort: { pairs: EFFORT_OF_A_PUSH },
  }
  const known = await repeatVerdicts(work, repeated)
  const verdicts = fresh.length === 0 ? [] : await applyChangesets(work, fresh)
  await storeVerdicts(work, verdicts)
  return [...known, ...verdicts]
}

type LockedClient = {
  /** The last number with a verdict. */
  last: number
  /** It was sent before the client moved what was deferred. */
  isLate: boolean
  patience: Patience
}

/** Registers the client at its first push. */
async function lockClient(
  tx: Tx,
  { bookkeeping, limits }: ServerContext,
  { request: { client, moved }, user }: Pushed,
): Promise<LockedClient> {
  const [row] = await tx.query(
    `
    INSERT INTO ${bookkeeping.clients} AS c (client, user_id, moved)
    VALUES ($1, $2, $3)
    ON CONFLICT (client) DO UPDATE SET seen_at = now(), moved = greatest(c.moved, excluded.moved)
    RETURNING c.user_id, c.last_number::text AS last_number, c.moved::text AS moved, c.together::text AS together,
      (extract(epoch FROM current_setting('statement_timeout')::interval) * 1000)::bigint::text AS statement_ms`,
    [client, user, moved],
  )
  if (row?.['user_id'] !== user) throw new LandfallError('client_taken', { client })
  const together = row['together'] ?? null
  return {
    last: Number(row['last_number']),
    isLate: moved < Number(row['moved']),
    patience: new Patience({
      statementMs: Number(row['statement_ms']),
      pushMs: limits.pushMs,
      together: together === null ? null : Number(together),
    }),
  }
}

async function openDeferrals(
  tx: Tx,
  { bookkeeping, sync, limits }: ServerContext,
  { client, moved }: PushRequest,
): Promise<Deferrals> {
  await tx.query(`DELETE FROM ${bookkeeping.deferrals} WHERE client = $1 AND number <= $2::bigint`, [
    client,
    moved,
  ])
  const deferrals = new Deferrals(sync.manifest, limits.pushTries)
  await deferrals.read(tx, bookkeeping, client)
  return deferrals
}

/** In order, and without gaps: where `applyInOrder` was cut off, everything behind waits for the next push. */
async function applyChangesets(work: PushContext, changesets: readonly Changeset[]): Promise<Verdict[]> {
  const refused: Verdict[] = []
  const parts: OrderedPart[] = [{ malformed: null, good: [] }]
  for (const changeset of changesets) {
    const checked = tryCheck(work, changeset)
    if ('code' in checked) {
      refused.push({ number: changeset.number, outcome: 'rejected', error: checked })
      parts.push({ malformed: changeset, good: [] })
    } else parts.at(-1)?.good.push(checked)
  }
  work.rights = await readRights(work)
  const verdicts = await applyInOrder(work, parts)
  const good = parts.flatMap((part) => part.good)
  const judged = new Set(verdicts.map(({ number }) => number))
  const end = good.find(({ number }) => !judged.has(number))?.number ?? Number.POSITIVE_INFINITY
  return [...verdicts, ...refused].filter(({ number }) => number < end).sort((a, b) => a.number - b.number)
}

function tryCheck({ context }: PushContext, changeset: Changeset): CheckedChangeset | ErrorData {
  const { manifest } = context.sync
  try {
    return checkChangeset(manifest, changeset, context.clock.now())
  } catch (error) {
    const verdict = verdictOf(error, manifest)
    if (verdict === null) throw error
    return verdict
  }
}

async function storeVerdicts(work: PushContext, verdicts: readonly Verdict[]): Promise<void> {
  const { clients, rejections } = work.context.bookkeeping
  const last = verdicts.at(-1)
  if (last === undefined) return
  const rejected = verdicts.filter(({ outcome }) => outcome === 'rejected')
  if (rejected.length > 0) {
    await work.tx.query(
      `
      INSERT INTO ${rejections} (client, number, error)
      SELECT $1, r.number, r.error
      FROM json_to_recordset($2::json) AS r(number bigint, error jsonb)`,
      [work.client, JSON.stringify(rejected)],
    )
  }
  await work.deferrals.store(work.tx, work.context.bookkeeping, {
    client: work.client,
    numbers: verdicts.flatMap(({ number, outcome }) => (outcome === 'deferred' ? number : [])),
  })
  await work.tx.query(
    `UPDATE ${clients} SET last_number = $2::bigint, together = $3::int WHERE client = $1`,
    [work.client, last.number, work.patience.next(work.context.limits.pushChangesets)],
  )
}

/** Also of these the following changesets have seen values that never stood. */
async function repeatVerdicts(work: PushContext, repeated: readonly Changeset[]): Promise<Verdict[]> {
  if (repeated.length === 0) return []
  const numbers = repeated.map(({ number }) => number)
  const rows = await work.tx.query(
    `
    SELECT number::text AS number, error::text AS error
    FROM ${work.context.bookkeeping.rejections}
    WHERE client = $1 AND number = ANY ($2::bigint[])`,
    [work.client, numbers.map(String)],
  )
  const errors = new Map(rows.map((row) => [row['number'], JSON.parse(row['error'] ?? 'null') as ErrorData]))
  const errorOf = (number: ChangesetNumber): ErrorData | null => errors.get(`${number}`) ?? null
  for (const changeset of repeated) {
    const { standing } = work
    if (errorOf(changeset.number) === null) standing.keep(changeset)
    else standing.reject(standing.rebase(changeset))
  }
  return numbers.map((number) => ({ number, outcome: 'repeated', error: errorOf(number) }))
}
