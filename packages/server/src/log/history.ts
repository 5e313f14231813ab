/**
 * The history id: proof that a cursor belongs to the history Postgres has now (P11).
 *
 * xids mean nothing after a restore from a backup, a lossy failover or in a re-created cluster: they run again, for
 * other transactions. So table `history` gets a row with a fresh nonce whenever Postgres is seen to have started
 * anew (start time, system identifier or timeline differ from the newest row's: such a row `begins`), and one a minute,
 * or every two thousand changes, while clients pull. A cursor names the newest row in its snapshot, and all changes that
 * it has seen and the row's own snapshot has not, by their count and a sum of hashes:
 *
 *     nonce "/" count "." sum
 *
 * A cursor C is good when all of this holds in the history Postgres has now:
 * 1. its nonce is there: it is not younger than a restored backup, nor older than what was pruned;
 * 2. no row after its nonce begins a start whose floor is below C's xmax: else C saw xids that this history had not yet
 *    given out when it began. The floor is the next xid of the newest checkpoint; every start makes one, so it is exact
 *    when the start is noticed before the next (minutes later), and otherwise too high by what was used meanwhile;
 * 3. the changes since that row which C's snapshot has seen are the same. What the row's snapshot saw is the same by 1:
 *    it had ended before the row was written. So this alone shows that the log is C's, also where 2 was noticed too
 *    late, and where a transaction that was open at the moment gone back to has ended in another way since (rolled back
 *    by the restore, or prepared, and committed after it), with no xid given out by which 2 could tell.
 * The start is recorded before a pull is answered, so every cursor given after it names it or a later row.
 *
 * Pruning (prune.ts) takes the newest row h older than the retention and deletes the changes with xid < xmin(h.snapshot). A
 * cursor naming h or a later row was taken after h was visible, hence after h.snapshot: every xid below that xmin had
 * ended by then and is visible in the cursor, so it misses nothing; and xmin never falls, so all that 3 counts is there.
 * In a copy in another cluster it falls once: the least xmin from h on counts. A cursor naming an older row is lost by 1,
 * since those rows are deleted too.
 */
import { historyId, type HistoryId, type Hlc, hlc, LandfallError, type Randomness } from '@landfall/protocol'
import type { SnapshotText } from '@landfall/protocol'
import type { Database, TransactionOptions, Tx } from '../database/database.ts'
import { ADVISORY_LOCK, type Bookkeeping } from './bookkeeping.ts'

export const WRITE: TransactionOptions = { isolation: 'read committed', readOnly: false }

/** How old the newest row may be while clients pull, and how many changes may follow it: each pull counts them twice. */
const ROW_SECONDS = 60
const ROW_CHANGES = 2_000

export type HistoryState = {
  /** What a cursor of this snapshot names; null when the newest row does not describe the Postgres that runs. */
  id: HistoryId | null
  /** The newest row is old, or too much has changed since: time for another. */
  stale: boolean
}

/** The state of the history in the snapshot of the transaction. */
export async function readHistory(tx: Tx, bookkeeping: Bookkeeping): Promise<HistoryState> {
  const [row] = await tx.query(`
    WITH running AS MATERIALIZED (SELECT * FROM ${bookkeeping.named('running')}()),
    newest AS (SELECT * FROM ${bookkeeping.history} ORDER BY seq DESC LIMIT 1)
    SELECT
      h.id,
      ((h.started_at, h.system_identifier, h.timeline) = (r.started_at, r.system_identifier, r.timeline))::text AS same,
      (h.at < now() - interval '${ROW_SECONDS} seconds' OR seen.count > ${ROW_CHANGES})::text AS stale,
      seen.text AS seen
    FROM newest h, running r, LATERAL (${changesSeen(bookkeeping, 'h.snapshot', 'pg_current_snapshot()')}) AS seen`)
  if (!row || row['same'] !== 'true') return { id: null, stale: true }
  return { id: historyId(`${row['id']}/${row['seen']}`), stale: row['stale'] === 'true' }
}

/** The changes that one snapshot has seen and an earlier one had not: how many, and a text that tells them from others. */
function changesSeen({ changes }: Bookkeeping, earlier: string, later: string): string {
  return `
    SELECT count(*) AS count, count(*) || '.' || coalesce(sum(hashtextextended(xid || '.' || seq, hlc)), 0) AS text
    FROM ${changes}
    WHERE xid >= pg_snapshot_xmin(${earlier}) AND NOT pg_visible_in_snapshot(xid, ${earlier})
      AND xid < pg_snapshot_xmax(${later}) AND pg_visible_in_snapshot(xid, ${later})`
}

/** Adds a row if Postgres has started anew or the newest one is old; at once from two processes it is added once. */
export async function recordHistory(
  database: Database,
  bookkeeping: Bookkeeping,
  randomness: Randomness,
): Promise<void> {
  await database.transaction(WRITE, async (tx) => {
    await tx.query(ADVISORY_LOCK, [bookkeeping.locks.history])
    const state = await readHistory(tx, bookkeeping)
    if (state.id !== null && !state.stale) return
    if (state.id === null) await forgetForeignChanges(tx, bookkeeping)
    await tx.query(
      `
      INSERT INTO ${bookkeeping.history} (id, begins, started_at, system_identifier, timeline, floor)
      SELECT $1, $2::boolean, started_at, system_identifier, timeline, ${bookkeeping.named('xid_floor')}()
      FROM ${bookkeeping.named('running')}()`,
      [randomness.uuid(), state.id === null],
    )
  })
}

/**
 * Deletes changes with xids that this cluster has not given out: they came with a dump of another one, and would look
 * new to every cursor. What a snapshot sees and was written here is below its xmax, so nothing else is touched.
 */
async function forgetForeignChanges(tx: Tx, { changes, conflicts }: Bookkeeping): Promise<void> {
  await tx.query(`DELETE FROM ${changes} WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())`)
  await tx.query(`DELETE FROM ${conflicts} WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())`)
}

/**
 * Throws `history_lost` unless the id, and the snapshot if one is given, belong to this history; see the header. Without
 * a snapshot only the row is looked for.
 */
export async function checkHistory(
  tx: Tx,
  bookkeeping: Bookkeeping,
  cursor: { history: HistoryId; snapshot: SnapshotText | null },
): Promise<void> {
  const { history: id, snapshot } = cursor
  const [, nonce = null, changes = null] = HISTORY_ID.exec(id) ?? []
  if (nonce === null) throw new LandfallError('bad_request', { what: 'history' })
  const [row] = await tx.query(
    `
    SELECT
      EXISTS (
        SELECT FROM ${bookkeeping.history} later
        WHERE later.seq > named.seq AND later.begins AND later.floor < pg_snapshot_xmax($2::pg_snapshot)
      )::text AS overtaken,
      ($2::pg_snapshot IS NULL OR $3 = (SELECT text FROM (${changesSeen(bookkeeping, 'named.snapshot', '$2::pg_snapshot')}) AS seen))::text AS same
    FROM ${bookkeeping.history} named
    WHERE named.id = $1`,
    [nonce, snapshot, changes],
  )
  const reason = !row
    ? 'unknown'
    : row['overtaken'] === 'true'
      ? 'overtaken'
      : row['same'] === 'true'
        ? null
        : 'changes_differ'
  if (reason !== null) throw new LandfallError('history_lost', { reason })
}

/** What follows the nonce is only compared: a cursor of an older version of Landfall is one of a lost history. */
const HISTORY_ID = /^([0-9a-z-]{1,64})\/([0-9.-]{0,100})$/

/** The oldest stamp the log still covers: what has no log row was written before. */
export async function readHorizon(tx: Tx, { history }: Bookkeeping): Promise<Hlc> {
  const [row] = await tx.query(`
    SELECT ((date_part('epoch', at) * 1000)::bigint * 65536)::text AS hlc
    FROM ${history} ORDER BY seq LIMIT 1`)
  return hlc(BigInt(row?.['hlc'] ?? '0'))
}
