/**
 * What a pull's snapshot knows of the client itself: whose it is, the last number that has its verdict, and the
 * rejections it has not heard of.
 */
import {
  changesetNumber,
  type Deferral,
  encodeHlc,
  hlcFromTime,
  LandfallError,
  type PullRequest,
  type PullResponse,
  type Rejection,
  snapshotText,
  type UserId,
} from '@landfall/protocol'
import type { Tx } from '../database/database.ts'
import type { Bookkeeping } from '../log/bookkeeping.ts'

export type ClientState = Pick<PullResponse, 'acknowledged' | 'hlc' | 'rejections' | 'deferrals'> & {
  snapshot: PullResponse['cursor']['snapshot']
}

/** Throws `client_taken` when the client belongs to another user. */
export async function readClient(
  tx: Tx,
  { clients, rejections, deferrals }: Bookkeeping,
  { request, user }: { request: PullRequest; user: UserId },
): Promise<ClientState> {
  const [row] = await tx.query(
    `
    SELECT
      pg_current_snapshot()::text                                       AS snapshot,
      (date_part('epoch', clock_timestamp()) * 1000)::bigint::text      AS now,
      c.user_id,
      c.last_number::text                                               AS acknowledged,
      (SELECT coalesce(json_agg(json_build_object('number', r.number, 'error', r.error) ORDER BY r.number), '[]')
       FROM ${rejections} r
       WHERE r.client = c.client AND r.number > $2::bigint)::text       AS rejections,
      (SELECT json_agg(json_build_object('number', d.number, 'error', d.error, 'tries', d.tries) ORDER BY d.number)
       FROM ${deferrals} d
       WHERE d.client = c.client AND d.number > $2::bigint)::text       AS deferrals
    FROM (VALUES (1)) AS one
    LEFT JOIN ${clients} c ON c.client = $1`,
    [request.client, request.acknowledged],
  )
  const owner = row?.['user_id'] ?? user
  if (owner !== user) throw new LandfallError('client_taken', { client: request.client })
  const deferred = row?.['deferrals'] ?? null
  return {
    snapshot: snapshotText(row?.['snapshot'] ?? ''),
    acknowledged: changesetNumber(Number(row?.['acknowledged'] ?? 0)),
    hlc: encodeHlc(hlcFromTime(Number(row?.['now']))),
    rejections: JSON.parse(row?.['rejections'] ?? '[]') as Rejection[],
    ...(deferred === null ? {} : { deferrals: JSON.parse(deferred) as Deferral[] }),
  }
}
