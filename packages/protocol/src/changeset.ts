/**
 * A changeset: the net effect of one local transaction, as it is stored in the outbox and travels in a push.
 *
 * Net effect per row means: the row before the transaction against the row after it, however many statements
 * lay between. A row therefore stands at most once in a changeset. Changes of the same table, operation and
 * columns stand together in a block, so that ten thousand inserted rows cost a few arrays and the server writes
 * them with one statement.
 */
import type { ChangesetNumber } from './brands.ts'
import type { WireColumns } from './value.ts'

export type Operation = 'insert' | 'update' | 'delete'

export type ChangeBlock = {
  table: string
  operation: Operation
  /** Names of the changed columns; for inserts those given a value, for deletes all synced columns. */
  columns: string[]
  /** The primary keys, `keys[k][r]`, in the manifest's key order. */
  keys: WireColumns
  /** Values before, `old[c][r]` in the order of `columns`; empty for inserts. */
  old: WireColumns
  /** Values after, `new[c][r]`; empty for deletes. */
  new: WireColumns
}

export type Changeset = {
  number: ChangesetNumber
  /** `encodeHlc` of the stamp. */
  hlc: string
  /** What the app called the transaction, for people; null when it did not. */
  label: string | null
  changes: ChangeBlock[]
}
