/**
 * Which changesets have to wait with others that are put off: those that touch the same rows, or refer to rows that the
 * others insert.
 *
 * A reference is known by its values: a row that holds all key values of an inserted row, in whatever columns, may refer
 * to it. Where it does not, it waits for nothing once, which harms less than a child that arrives before its parent.
 */
import type { Changeset, Operation } from './changeset.ts'
import { encodeKey, rowAt, rowCount, type WireRow, type WireValue } from './value.ts'

/** A row of a changeset that was put off. */
export type TouchedRow = { table: string; key: WireRow; operation: Operation }

export type FollowersOptions = {
  /** Names of the tables that a table's rows may refer to; all of them unless told. */
  parentsOf?: (table: string) => readonly string[]
}

export class Followers {
  readonly #touched = new Set<string>()
  /** By table, and by the first value of the key. */
  readonly #inserted = new Map<string, Map<WireValue, WireRow[]>>()
  readonly #parentsOf: FollowersOptions['parentsOf']

  constructor({ parentsOf }: FollowersOptions = {}) {
    this.#parentsOf = parentsOf
  }

  get hasInserts(): boolean {
    return this.#inserted.size > 0
  }

  add(rows: readonly TouchedRow[]): void {
    for (const { table, key, operation } of rows) {
      this.#touched.add(idOf(table, key))
      if (operation !== 'insert') continue
      const byFirst = this.#inserted.get(table) ?? new Map<WireValue, WireRow[]>()
      this.#inserted.set(table, byFirst)
      const [first = null] = key
      byFirst.set(first, [...(byFirst.get(first) ?? []), key])
    }
  }

  has({ changes }: Changeset): boolean {
    if (this.#touched.size === 0) return false
    return changes.some((block) => {
      const parents = this.#parentsIn(block.table)
      for (let r = 0; r < rowCount(block.keys); r++) {
        if (this.#touched.has(idOf(block.table, rowAt(block.keys, r)))) return true
        if (parents.length === 0 || block.operation === 'delete') continue
        const values = [...rowAt(block.keys, r), ...rowAt(block.new, r)]
        if (parents.some((inserted) => refersTo(inserted, values))) return true
      }
      return false
    })
  }

  #parentsIn(table: string): Map<WireValue, WireRow[]>[] {
    const names = this.#parentsOf === undefined ? this.#inserted.keys() : [table, ...this.#parentsOf(table)]
    return [...names].flatMap((name) => this.#inserted.get(name) ?? [])
  }
}

/** The rows that a changeset touches, as `Followers` takes them. */
export function touchedRows({ changes }: Changeset): TouchedRow[] {
  return changes.flatMap(({ table, operation, keys }) =>
    Array.from({ length: rowCount(keys) }, (_, r) => ({ table, operation, key: rowAt(keys, r) })),
  )
}

const idOf = (table: string, key: WireRow): string => `${table} ${encodeKey(key)}`

function refersTo(inserted: ReadonlyMap<WireValue, WireRow[]>, values: readonly WireValue[]): boolean {
  return values.some(
    (value) =>
      value !== null && inserted.get(value)?.some((key) => key.every((part) => values.includes(part))),
  )
}
