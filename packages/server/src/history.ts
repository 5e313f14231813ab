/**
 * The history id: proof that a cursor belongs to the history Postgres has now (DESIGN section 6, promise P11).
 *
 * xids mean nothing after a restore from a backup, a lossy failover or in a re-created cluster: they run again, for
 * other transactions. So `landfall.history` gets a row with a fresh nonce whenever Postgres is seen to have started
 * anew (start time, system identifier or timeline differ from the newest row's: such a row `begins`), and one a minute
 * while clients pull. A cursor names the newest row in its snapshot and the newest change it has seen:
 *
 *     nonce "/" xid "." seq "." hlc          of that change, empty when the log was
 *
 * A cursor C is good when all of this holds in the history Postgres has now:
 * 1. its nonce is there: it is not younger than a restored backup, nor older than what was pruned;
 * 2. no row after its nonce begins a start whose floor is below C's xmax: else C saw xids that this history had not yet
 *    given out when it began. The floor is the next xid of the newest checkpoint; every start makes one, so it is exact
 *    when the start is noticed before the next (minutes later), and otherwise too high by what was used meanwhile;
 * 3. its newest change is there, with the same xid, place and stamp, which also holds where 2 was noticed too late.
 * The start is recorded before a pull is answered, so every cursor given after it names it or a later row.
 *
 * Pruning takes the newest row h older than the retention and deletes the changes with xid < xmin(h.snapshot). A
 * cursor naming h or a later row was taken after h was visible, hence after h.snapshot: every xid below that xmin had
 * ended by then and is visible in the cursor, so it misses nothing. A cursor naming an older row is lost by 1, since
 * those rows are deleted too. The newest change below the horizon stays, as the proof 3 for a log that has been quiet.
 */
import {
  decodeSnapshot,
  historyId,
  type HistoryId,
  type Hlc,
  hlc,
  LandfallError,
  type Randomness,
} from '@landfall/protocol'
import type { SnapshotText } from '@landfall/protocol'
import type { Database, TransactionOptions, Tx } from './database.ts'

const WRITE: TransactionOptions = { isolation: 'read committed', readOnly: false }
const HISTORY_LOCK = 7_420_113_022

/** How old the newest row may be while clients pull. */
const ROW_SECONDS = 60

export type HistoryState = {
  /** What a cursor of this snapshot names; null when the newest row does not describe the Postgres that runs. */
  id: HistoryId | null
  /** The newest row is old: time for another. */
  stale: boolean
}

/** The state of the history in the snapshot of the transaction. */
export async function readHistory(tx: Tx): Promise<HistoryState> {
  const [row] = await tx.query(`
    WITH running AS MATERIALIZED (SELECT * FROM landfall.running()),
    newest AS (SELECT * FROM landfall.history ORDER BY seq DESC LIMIT 1)
    SELECT
      h.id,
      ((h.started_at, h.system_identifier, h.timeline) = (r.started_at, r.system_identifier, r.timeline))::text AS same,
      (h.at < now() - interval '${ROW_SECONDS} seconds')::text AS stale,
      (SELECT format('%s.%s.%s', xid, seq, hlc) FROM landfall.changes ORDER BY xid DESC, seq DESC LIMIT 1) AS change
    FROM newest h, running r`)
  if (!row || row['same'] !== 'true') return { id: null, stale: true }
  return { id: historyId(`${row['id']}/${row['change'] ?? ''}`), stale: row['stale'] === 'true' }
}

/** Adds a row if Postgres has started anew or the newest one is old; at once from two processes it is added once. */
export async function recordHistory(database: Database, randomness: Randomness): Promise<void> {
  await database.transaction(WRITE, async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1::bigint)', [HISTORY_LOCK])
    const state = await readHistory(tx)
    if (state.id !== null && !state.stale) return
    if (state.id === null) await forgetForeignChanges(tx)
    await tx.query(
      `
      INSERT INTO landfall.history (id, begins, started_at, system_identifier, timeline, floor)
      SELECT $1, $2::boolean, started_at, system_identifier, timeline, landfall.xid_floor()
      FROM landfall.running()`,
      [randomness.uuid(), state.id === null],
    )
  })
}

/**
 * Deletes changes with xids that this cluster has not given out: they came with a dump of another one, and would look
 * new to every cursor. What a snapshot sees and was written here is below its xmax, so nothing else is touched.
 */
async function forgetForeignChanges(tx: Tx): Promise<void> {
  await tx.query('DELETE FROM landfall.changes WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())')
  await tx.query('DELETE FROM landfall.conflicts WHERE xid >= pg_snapshot_xmax(pg_current_snapshot())')
}

/** Throws `history_lost` unless the id, and the snapshot if one is given, belong to this history; see the header. */
export async function checkHistory(tx: Tx, id: HistoryId, snapshot: SnapshotText | null): Promise<void> {
  const named = decodeHistoryId(id)
  const xmax = snapshot === null ? null : decodeSnapshot(snapshot).xmax.toString()
  const [row] = await tx.query(
    `
    SELECT
      EXISTS (
        SELECT FROM landfall.history later
        WHERE later.seq > named.seq AND later.begins AND later.floor < $2::xid8
      )::text AS overtaken,
      ($3::xid8 IS NULL OR EXISTS (
        SELECT FROM landfall.changes WHERE xid = $3::xid8 AND seq = $4::bigint AND hlc = $5::bigint
      ))::text AS change_found
    FROM landfall.history named
    WHERE named.id = $1`,
    [named.nonce, xmax, named.xid, named.seq, named.hlc],
  )
  const reason = !row
    ? 'unknown'
    : row['overtaken'] === 'true'
      ? 'overtaken'
      : row['change_found'] === 'true'
        ? null
        : 'change_missing'
  if (reason !== null) throw new LandfallError('history_lost', { reason })
}

type NamedHistory = { nonce: string; xid: string | null; seq: string | null; hlc: string | null }

const HISTORY_ID = /^([0-9a-z-]{1,64})\/(?:(\d{1,19})\.(\d{1,18})\.(\d{1,18}))?$/

function decodeHistoryId(id: HistoryId): NamedHistory {
  const [, nonce, xid = null, seq = null, stamp = null] = HISTORY_ID.exec(id) ?? []
  if (nonce === undefined) throw new LandfallError('bad_request', { what: 'history' })
  return { nonce, xid, seq, hlc: stamp }
}

/** The oldest stamp the log still covers: what has no log row was written before. */
export async function readHorizon(tx: Tx): Promise<Hlc> {
  const [row] = await tx.query(`
    SELECT ((date_part('epoch', at) * 1000)::bigint * 65536)::text AS hlc
    FROM landfall.history ORDER BY seq LIMIT 1`)
  return hlc(BigInt(row?.['hlc'] ?? '0'))
}

/** Deletes what no cursor younger than the retention needs; see the header. Answers the number of changes deleted. */
export async function pruneHistory(database: Database, retentionMs: number): Promise<number> {
  return database.transaction(WRITE, async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1::bigint)', [HISTORY_LOCK])
    const [horizon] = await tx.query(
      `
      SELECT h.seq::text AS seq, pg_snapshot_xmin(h.snapshot)::text AS xmin
      FROM landfall.history h
      WHERE h.at < now() - $1::bigint * interval '1 millisecond'
      ORDER BY h.seq DESC -- not by its text
      LIMIT 1`,
      [retentionMs],
    )
    if (!horizon) return 0
    const { seq = null, xmin = null } = horizon
    await tx.query('DELETE FROM landfall.history WHERE seq < $1::bigint', [seq])
    const [deleted] = await tx.query(
      `
      WITH deleted AS (
        DELETE FROM landfall.changes
        WHERE xid < $1::xid8
          AND (xid, seq) <> (
            SELECT xid, seq FROM landfall.changes WHERE xid < $1::xid8 ORDER BY xid DESC, seq DESC LIMIT 1)
        RETURNING 1
      )
      SELECT count(*)::text AS count FROM deleted`,
      [xmin],
    )
    return Number(deleted?.['count'])
  })
}
