/**
 * The contract of a value codec: exact both ways between the mirror (SQLite) and the wire (Postgres text).
 */
import type { WireValue } from '@landfall/protocol'

/** A value as SQLite stores it. Integers beyond 2^53 are bigint. */
export type SqliteValue = null | number | bigint | string | Uint8Array

/** Exact both ways between one column's stored and wire values. */
export type Codec = {
  /**
   * The Postgres text of a stored value. Throws `value_invalid` when the value does not fit the column: what this
   * accepts, Postgres accepts. `fromWire(toWire(v))` is the canonical stored form of v.
   */
  toWire(value: SqliteValue): WireValue
  /** The stored form of what Postgres printed. */
  fromWire(text: WireValue): SqliteValue
}
