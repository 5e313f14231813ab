/**
 * The stamps of a run's changes in the change log (P14): each log row carries the hlc of its changeset.
 *
 * The capture triggers read the stamp and the client from settings of the transaction. A run of several changesets has
 * several stamps and one setting: it is set to the stamp that fits most rows, and the log rows of the others are
 * corrected afterwards, found by this transaction's xid, the key, and a place in the log behind the run's start.
 */
import { encodeHlc } from '@landfall/protocol'
import { createBinder } from '../../sql/row-columns.ts'
import { type CheckedChangeset, gatherBatches, rowsOf } from '../batch.ts'
import { keyTexts, sourceOf } from './row-sql.ts'
import type { PushContext } from '../push-context.ts'

export type RunStamp = {
  hlc: string
  /** The newest place in the log before the run; null when one stamp fits all rows. */
  after: string | null
}

export async function beginStamp(work: PushContext, run: readonly CheckedChangeset[]): Promise<RunStamp> {
  const stamp = commonest(run)
  const sources = run.map(({ source }) => source)
  const { changes, settings } = work.context.bookkeeping
  const [row] = await work.tx.query(
    `
    SELECT
      set_config('${settings.hlc}', $1, true),
      set_config('${settings.client}', $2, true),
      -- A plan that was made for one row is ruinous for ten thousand.
      set_config('plan_cache_mode', 'force_custom_plan', true),
      set_config('statement_timeout', $3, true),
      set_config('lock_timeout', least($4::bigint,
        nullif((extract(epoch FROM current_setting('lock_timeout')::interval) * 1000)::bigint, 0))::text, true),
      coalesce(pg_sequence_last_value(pg_get_serial_sequence('${changes}', 'seq')::regclass), 0)::text AS seq`,
    [stamp, work.client, `${work.patience.allowance(sources)}`, work.patience.lockAllowance(sources)],
  )
  const alike = run.every(({ hlc }) => encodeHlc(hlc) === stamp)
  return { hlc: stamp, after: alike ? null : (row?.['seq'] ?? '0') }
}

export async function correctStamps(
  work: PushContext,
  run: readonly CheckedChangeset[],
  { hlc, after }: RunStamp,
): Promise<void> {
  if (after === null) return
  const others = run.filter((changeset) => encodeHlc(changeset.hlc) !== hlc)
  for (const batch of gatherBatches(others)) {
    const { params, bind } = createBinder()
    const stamps = bind(batch.owners.map((owner) => encodeHlc(owner.hlc)))
    await work.tx.query(
      `
      UPDATE ${work.context.bookkeeping.changes} AS c
      SET hlc = s.hlc
      FROM (
        SELECT ${keyTexts(batch.table, 'u')} AS key, (${stamps}::bigint[])[u.n] AS hlc
        FROM ${sourceOf(batch, { old: false, new: false }, bind)}
      ) AS s
      WHERE c.xid = pg_current_xact_id() AND c.seq > ${bind(after)}::bigint
        AND c.tbl = ${bind(batch.table.name)} AND c.key = s.key COLLATE "C"`,
      params,
    )
  }
}

function commonest(run: readonly CheckedChangeset[]): string {
  const rows = new Map<string, number>()
  for (const { hlc, blocks } of run) {
    const stamp = encodeHlc(hlc)
    rows.set(stamp, (rows.get(stamp) ?? 0) + blocks.reduce((sum, block) => sum + rowsOf(block), 0))
  }
  const [first] = [...rows].sort((a, b) => b[1] - a[1])
  return first?.[0] ?? '0'
}
