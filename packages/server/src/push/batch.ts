/**
 * Changesets as the server works on them: checked against the manifest, then gathered into batches.
 *
 * A batch holds all rows of a run that change the same columns of the same table in the same way, so that each needs
 * a constant number of statements however many rows and changesets there are. Values stay the columns of texts that
 * arrived; nothing is turned into rows.
 */
import {
  type ChangeBlock,
  type Changeset,
  type ChangesetNumber,
  encodeKey,
  type Hlc,
  type ManifestColumn,
  type ManifestTable,
  type Operation,
  rowAt,
  type Step,
  type WireColumns,
  type WireRow,
  type WireValue,
} from '@landfall/protocol'

/** A block whose table and columns exist and may be written; its columns stand in manifest order. */
export type CheckedBlock = {
  table: ManifestTable
  operation: Operation
  /** The changed columns, without those of the key. */
  columns: ManifestColumn[]
  keys: WireColumns
  /** `old[c][r]`; nulls for inserts. */
  old: WireColumns
  /** `new[c][r]`; nulls for deletes. */
  new: WireColumns
}

export type CheckedChangeset = {
  /** As it was sent, or as `Standing` made it anew. */
  source: Changeset
  number: ChangesetNumber
  /** Clamped to server time. */
  hlc: Hlc
  blocks: CheckedBlock[]
  /** Table and key of each row, as one text. */
  rowIds: string[]
  /** The order of the local transaction. */
  steps: readonly Step[]
}

export type Batch = CheckedBlock & {
  /** For each row the changeset it comes from. */
  owners: CheckedChangeset[]
}

export function rowIdsOf(block: Pick<ChangeBlock, 'table' | 'keys'>): string[] {
  const count = block.keys[0]?.length ?? 0
  return Array.from({ length: count }, (_, r) => `${block.table} ${encodeKey(rowAt(block.keys, r))}`)
}

export function rowsOf(batch: CheckedBlock): number {
  return batch.keys[0]?.length ?? 0
}

export function keyAt(batch: CheckedBlock, row: number): WireRow {
  return rowAt(batch.keys, row)
}

/** One batch per table, operation and set of columns, in the order in which they first occur. */
export function gatherBatches(changesets: readonly CheckedChangeset[]): Batch[] {
  const groups = new Map<string, { block: CheckedBlock; owner: CheckedChangeset }[]>()
  for (const owner of changesets) {
    for (const block of owner.blocks) {
      const shape = JSON.stringify([block.table.name, block.operation, block.columns.map(({ name }) => name)])
      const group = groups.get(shape)
      if (group) group.push({ block, owner })
      else groups.set(shape, [{ block, owner }])
    }
  }
  return [...groups.values()].flatMap(joinBlocks)
}

function joinBlocks(parts: readonly { block: CheckedBlock; owner: CheckedChangeset }[]): Batch[] {
  const [first] = parts
  if (first === undefined) return []
  const join = (side: 'keys' | 'old' | 'new'): WireColumns =>
    parts.length === 1
      ? first.block[side]
      : first.block[side].map((_, c) => parts.flatMap(({ block }) => block[side][c] ?? []))
  const owners = parts.flatMap(({ block, owner }) => Array.from({ length: rowsOf(block) }, () => owner))
  return [{ ...first.block, keys: join('keys'), old: join('old'), new: join('new'), owners }]
}

/** The batch of some of the rows. */
export function pickRows(batch: Batch, rows: readonly number[]): Batch {
  const pick = (columns: WireColumns): WireColumns =>
    columns.map((column) => rows.map((row) => column[row] ?? null))
  return {
    ...batch,
    keys: pick(batch.keys),
    old: pick(batch.old),
    new: pick(batch.new),
    owners: rows.flatMap((row) => batch.owners[row] ?? []),
  }
}

export function valuesByName(columns: readonly ManifestColumn[], values: readonly WireValue[]): string {
  return JSON.stringify(Object.fromEntries(columns.map(({ name }, c) => [name, values[c] ?? null])))
}
