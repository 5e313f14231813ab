/**
 * A server in a few lines, for one scope of the table `notes`: rows in a map, changesets applied whole or rejected,
 * pulls as the difference to what was last pulled.
 */
import {
  changesetNumber,
  LandfallError,
  encodeError,
  rowAt,
  rowCount,
  type ChangeBlock,
  type Changeset,
  type PullResponse,
  type Rejection,
  type WireRow,
} from '@landfall/protocol'
import { columns, patch, pull } from './store.ts'

/** id, project, title, votes, body as they travel. */
export type Note = WireRow
export type Notes = Map<string, Note>

export const NOTE_COLUMNS = ['id', 'project', 'title', 'votes', 'body']

export class ServerModel {
  readonly rows: Notes = new Map()
  acknowledged = 0
  #rejections: Rejection[] = []
  #pulled: Notes = new Map()

  edit(key: string, note: Note | null): void {
    if (note === null) this.rows.delete(key)
    else this.rows.set(key, note)
  }

  push(changeset: Changeset, accept: boolean): void {
    if (changeset.number <= this.acknowledged) return
    this.acknowledged = changeset.number
    if (accept) applyChangeset(this.rows, changeset)
    else
      this.#rejections.push({ number: changeset.number, error: encodeError(new LandfallError('forbidden')) })
  }

  /** What changed since the last one. */
  pull(parts: Partial<PullResponse> = {}): PullResponse {
    const changed = [...this.rows].filter(([key, note]) => String(this.#pulled.get(key)) !== String(note))
    const removed = [...this.#pulled.keys()].filter((key) => !this.rows.has(key))
    const rejections = this.#rejections
    this.#rejections = []
    this.remember()
    const rows = columns(changed.map(([, note]) => note))
    return pull({
      acknowledged: changesetNumber(this.acknowledged),
      tables: [patch('notes', { rows, removed: columns(removed.map((key) => [key])) })],
      rejections,
      ...parts,
    })
  }

  /** A first pull: no rows; what is there now comes by pages. */
  firstPull(parts: Partial<PullResponse>): PullResponse {
    return { ...this.pull(parts), tables: [] }
  }

  remember(): void {
    this.#pulled = new Map(this.rows)
  }
}

export function applyChangeset(rows: Notes, { changes }: Pick<Changeset, 'changes'>): void {
  for (const block of changes) {
    for (let row = 0; row < rowCount(block.keys); row++) applyRow(rows, block, row)
  }
}

function applyRow(rows: Notes, block: ChangeBlock, row: number): void {
  const key = block.keys[0]?.[row] ?? ''
  if (block.operation === 'delete') {
    rows.delete(key)
    return
  }
  const before = block.operation === 'update' ? rows.get(key) : [key, null, null, '0', null]
  if (before === undefined) return
  const values = rowAt(block.new, row)
  rows.set(
    key,
    before.map((value, c) => {
      const at = block.columns.indexOf(NOTE_COLUMNS[c] ?? '')
      return at < 0 ? value : (values[at] ?? null)
    }),
  )
}
