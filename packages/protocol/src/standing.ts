/**
 * The last values that stood, where a client's changesets were rejected.
 *
 * A changeset's `old` is the value that its client showed. An earlier changeset may have written that value and been
 * rejected since; then Postgres never held it, and every value of Postgres looks like another person's edit. So the `old`
 * of later changesets becomes the value that stood before the rejected one. The server does this within a push, the device
 * in its outbox. Changesets come in their order; values are compared as texts, since both come from the same device.
 */
import type { ChangeBlock, Changeset } from './changeset.ts'
import { encodeKey, rowAt, rowCount, type WireValue } from './value.ts'

type Cell = { said: WireValue; stands: WireValue }

type Row = {
  /** By column: what a rejected changeset wrote, and what stood before it. */
  cells: Map<string, Cell>
  /** By column: the row that a rejected changeset deleted. */
  deleted: Map<string, WireValue> | null
}

export class Standing {
  readonly #rows = new Map<string, Row>()

  get isEmpty(): boolean {
    return this.#rows.size === 0
  }

  /** What it wrote never stood. It is told as `rebase` gave it. */
  reject({ changes }: Changeset): void {
    for (const block of changes) {
      if (block.operation === 'insert') continue
      for (let r = 0; r < rowCount(block.keys); r++) this.#rejectRow(block, r)
    }
  }

  #rejectRow(block: ChangeBlock, r: number): void {
    const row = this.#rows.get(idOf(block, r)) ?? { cells: new Map<string, Cell>(), deleted: null }
    this.#rows.set(idOf(block, r), row)
    const olds = block.columns.map((name, c) => [name, block.old[c]?.[r] ?? null] as const)
    if (block.operation === 'delete') row.deleted = new Map(olds)
    else olds.forEach(([name, stands], c) => row.cells.set(name, { said: block.new[c]?.[r] ?? null, stands }))
  }

  /** What it wrote stands, or waits for its verdict: what follows has seen it. */
  keep({ changes }: Changeset): void {
    if (this.isEmpty) return
    for (const block of changes) {
      for (let r = 0; r < rowCount(block.keys); r++) {
        const id = idOf(block, r)
        const row = this.#rows.get(id)
        if (row === undefined) continue
        for (const name of block.columns) row.cells.delete(name)
        if (block.operation !== 'update' || (row.cells.size === 0 && row.deleted === null))
          this.#rows.delete(id)
      }
    }
  }

  /** With the last values that stood; the same object where nothing is to be changed. */
  rebase(changeset: Changeset): Changeset {
    if (this.isEmpty) return changeset
    const changes = changeset.changes.flatMap((block) => this.#rebaseBlock(block))
    const isSame =
      changes.length === changeset.changes.length &&
      changes.every((block, i) => block === changeset.changes[i])
    if (isSame) return changeset
    // Steps name blocks by their places.
    if (changes.length === changeset.changes.length) return { ...changeset, changes }
    const { steps: _, ...rest } = changeset
    return { ...rest, changes }
  }

  #rebaseBlock(block: ChangeBlock): ChangeBlock[] {
    const rows = Array.from({ length: rowCount(block.keys) }, (_, r) => this.#rows.get(idOf(block, r)))
    if (block.operation === 'insert') return insertsOver(block, rows)
    const old = block.columns.map((name, c) =>
      (block.old[c] ?? []).map((value, r) => {
        const cell = rows[r]?.cells.get(name)
        return cell !== undefined && cell.said === value ? cell.stands : value
      }),
    )
    const isSame = old.every((column, c) => column.every((value, r) => value === block.old[c]?.[r]))
    return isSame ? [block] : [{ ...block, old }]
  }
}

/** A row whose deletion was rejected is still there: to make it again is to change it. */
function insertsOver(block: ChangeBlock, rows: readonly (Row | undefined)[]): ChangeBlock[] {
  const isThere = rows.map((row) => (row?.deleted ?? null) !== null)
  if (!isThere.includes(true)) return [block]
  const fresh = rows.flatMap((_, r) => (isThere[r] ? [] : r))
  const updates = rows.flatMap((row, r) => {
    const { deleted } = row ?? { deleted: null }
    if (deleted === null) return []
    const old = block.columns.map((name) => [deleted.get(name) ?? null])
    return [{ ...pickRows(block, [r]), operation: 'update' as const, old }]
  })
  return [...(fresh.length === 0 ? [] : [pickRows(block, fresh)]), ...updates]
}

function pickRows(block: ChangeBlock, rows: readonly number[]): ChangeBlock {
  const pick = (columns: WireValue[][]) => columns.map((column) => rows.map((r) => column[r] ?? null))
  return { ...block, keys: pick(block.keys), old: pick(block.old), new: pick(block.new) }
}

const idOf = ({ table, keys }: ChangeBlock, r: number): string => `${table} ${encodeKey(rowAt(keys, r))}`
