/**
 * The cursor: a Postgres snapshot with the history it belongs to (P5, P6; ARCHITECTURE: "The ideas that carry it").
 *
 * A client at cursor C has everything that is visible in C and nothing else. What it has not seen is exactly
 * what is not visible in C: xids at or above `xmax`, and those in `xip`, the transactions that were in progress
 * when C was taken. No order of commits and no long transaction can slip between two snapshots.
 *
 * xids are 64-bit (`xid8`) and travel as decimal text; they never wrap. The history id proves that the xids
 * mean what they meant when the cursor was given: after a restore the same xids name other transactions.
 * This module parses and decides; it does not query.
 */
import { snapshotText, type HistoryId, type SnapshotText } from './brands.ts'
import { LandfallError } from './errors.ts'

export type Cursor = { snapshot: SnapshotText; history: HistoryId }

export type Snapshot = { xmin: bigint; xmax: bigint; inProgress: bigint[] }

const SNAPSHOT = /^(\d{1,20}):(\d{1,20}):((?:\d{1,20}(?:,\d{1,20})*)?)$/

/** Parses `xmin:xmax:xip,...`; throws `bad_request` when the text is not a snapshot. */
export function decodeSnapshot(text: string): Snapshot {
  const match = SNAPSHOT.exec(text)
  const [, xmin, xmax, list] = match ?? []
  if (xmin === undefined || xmax === undefined || list === undefined) {
    throw new LandfallError('bad_request', {
      what: 'snapshot',
      text: text.slice(0, 100),
    })
  }
  const inProgress = list === '' ? [] : list.split(',').map(BigInt)
  const snapshot = { xmin: BigInt(xmin), xmax: BigInt(xmax), inProgress }
  if (!isInOrder(snapshot))
    throw new LandfallError('bad_request', { what: 'snapshot', text: text.slice(0, 100) })
  return snapshot
}

/** As Postgres demands of a `pg_snapshot`: 0 < xmin <= xip... < xmax, rising, all of 64 bits. */
function isInOrder({ xmin, xmax, inProgress }: Snapshot): boolean {
  let last = xmin - 1n
  for (const xid of inProgress) {
    if (xid <= last || xid >= xmax) return false
    last = xid
  }
  return xmin > 0n && xmin <= xmax && xmax < 2n ** 64n
}

export function encodeSnapshot(snapshot: Snapshot): SnapshotText {
  return snapshotText(`${snapshot.xmin}:${snapshot.xmax}:${snapshot.inProgress.join(',')}`)
}

/** Whether a transaction's effects are visible in the snapshot (given that it committed). */
export function isVisible(snapshot: Snapshot, xid: bigint): boolean {
  if (xid < snapshot.xmin) return true
  if (xid >= snapshot.xmax) return false
  return !snapshot.inProgress.includes(xid)
}
