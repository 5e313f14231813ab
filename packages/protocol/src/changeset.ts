/**
 * A changeset: the net effect of one local transaction, as it is stored in the outbox and travels in a push.
 *
 * Net effect per row means: the row before the transaction against the row after it, however many statements
 * lay between. A row therefore stands at most once in a changeset. Changes of the same table, operation and
 * columns stand together in a block, so that ten thousand inserted rows cost a few arrays and the server writes
 * them with one statement.
 *
 * The set of net effects may have no order that Postgres takes row by row where the statements themselves had one: two
 * positions that are swapped by a third value, a unique value that is given away and taken again. So `steps` keeps the
 * order in which rows were touched, and what columns under constraints held in between.
 */
import type { ChangesetNumber } from './brands.ts'
import type { WireColumns, WireValue } from './value.ts'

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

/**
 * The whole net change of `count` rows of a block, from `row` on; or what columns under constraints held in between, before
 * the row's net change. The first in-between of an inserted row is its insertion, with these values in place of the
 * final ones.
 */
export type Step =
  | { block: number; row: number; count: number }
  | { block: number; row: number; values: { [column: string]: WireValue } }

export type Changeset = {
  number: ChangesetNumber
  /** `encodeHlc` of the stamp. */
  hlc: string
  /** What the app called the transaction, for people; null when it did not. */
  label: string | null
  /** How often it was put off before, for reasons of its own; left out where it never was. */
  tries?: number
  /** It was put off, and its time has not come: it is only to be numbered anew. Left out else. */
  waits?: boolean
  changes: ChangeBlock[]
  /** In the order of the local transaction; left out where the blocks as they stand are that order. */
  steps?: Step[]
}
