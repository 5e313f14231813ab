/**
 * The object that `db.live` returns: a query's current result, and a call for each new one.
 *
 * Each raw row becomes an object once. An unchanged raw row keeps its object and an unchanged result keeps its array, so
 * React renders the changed rows and nothing else.
 */
import type { LandfallError } from '@landfall/protocol'
import type { Registration, Snapshot } from './registry.ts'
import type { RawResult, RawRow } from './result.ts'

/** A live query's result at one moment; never changed afterwards. */
export type LiveResult<Row> = {
  /** All rows of the query. Those that did not change are the same objects as before. */
  rows: readonly Row[]
  /** Why the rows are not current; null when they are. */
  error: LandfallError | null
}

/** A query whose result is kept current while somebody subscribes. */
export type Live<Row> = {
  /** Calls back with the current result, if there is one already, and with each new one. Returns what ends that. */
  subscribe(listener: (result: LiveResult<Row>) => void): () => void
  /** The newest result; null before the first, and while nobody subscribes. The same object until it changes. */
  readonly result: LiveResult<Row> | null
}

/** Makes a row for the app of a raw row. */
export type MakeRow<Row> = (raw: RawRow, columns: readonly string[]) => Row

export function createLive<Row>(registration: Registration, makeRow: MakeRow<Row>): Live<Row> {
  const made = new WeakMap<RawRow, Row & object>()
  let last: { snapshot: Snapshot; result: LiveResult<Row> | null } | null = null
  let rowsOf: { raw: RawResult; rows: readonly Row[] } | null = null

  function row(raw: RawRow, columns: readonly string[]): Row {
    const known = made.get(raw)
    if (known !== undefined) return known
    const fresh = makeRow(raw, columns)
    if (typeof fresh === 'object' && fresh !== null) made.set(raw, fresh)
    return fresh
  }

  function rowsFrom(raw: RawResult): readonly Row[] {
    if (rowsOf?.raw !== raw) rowsOf = { raw, rows: raw.rows.map((one) => row(one, raw.columns)) }
    return rowsOf.rows
  }

  function current(): LiveResult<Row> | null {
    const snapshot = registration.snapshot()
    if (last?.snapshot === snapshot) return last.result
    const { result: raw, error } = snapshot
    const result = raw === null && error === null ? null : { rows: raw === null ? [] : rowsFrom(raw), error }
    last = { snapshot, result }
    return result
  }

  return {
    subscribe(listener) {
      let subscribed = true
      const tell = (): void => {
        const result = subscribed ? current() : null
        if (result !== null) listener(result)
      }
      const unsubscribe = registration.subscribe(tell)
      if (current() !== null) queueMicrotask(tell)
      return () => {
        subscribed = false
        unsubscribe()
      }
    },
    get result() {
      return current()
    },
  }
}
