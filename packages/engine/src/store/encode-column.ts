/**
 * Stored values to wire values at the commit, column by column, and the values that have to be stored differently.
 *
 * A value that its column cannot hold in Postgres is refused here, with table, key and column, before anything is
 * acknowledged (P13). A value in another spelling than Postgres prints (an upper-case UUID) is noted as a correction,
 * so that the mirror holds what the server will hold.
 */
import { addDetails, LandfallError, type WireValue } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import type { MirrorColumn, MirrorTable } from './mirror-table.ts'

/** Rows as columns: the keys, and any other columns a reader has asked for. */
export type KeyedRows = { table: MirrorTable; keys: SqliteValue[][] }

/** The key as it is stored, and the column's new stored value. */
export type Correction = { key: SqliteValue[]; column: MirrorColumn; value: SqliteValue }

export type Encoder = KeyedRows & { corrections: Correction[] }

/** Values of one column; `rows[i]` is the row of `values[i]` where they are not simply all rows in order. */
export type ColumnValues = { values: SqliteValue[]; rows?: number[] }

/** The wire values of a column that the app may have written. */
export function encodeColumn(
  encoder: Encoder,
  column: MirrorColumn,
  { values, rows }: ColumnValues,
): WireValue[] {
  const { codec } = column
  // STRICT keeps these canonical by itself.
  const isCanonical = column.stored === 'INTEGER' || column.stored === 'BLOB'
  const wire: WireValue[] = []
  let at = 0
  try {
    for (; at < values.length; at++) {
      const value = values[at] ?? null
      const text = codec.toWire(value)
      wire.push(text)
      if (isCanonical) continue
      const canonical = codec.fromWire(text)
      if (!Object.is(canonical, value))
        encoder.corrections.push({ key: keyAt(encoder, rows?.[at] ?? at), column, value: canonical })
    }
  } catch (error) {
    if (!(error instanceof LandfallError)) throw error
    throw addDetails(error, placeOf(encoder, column, rows?.[at] ?? at))
  }
  return wire
}

type Place = { table: string; key: string[]; column: string }

/** For the details of an error: which value it is about. */
export function placeOf(rows: KeyedRows, column: MirrorColumn, row: number): Place {
  return { table: rows.table.name, key: keyAt(rows, row).map(String), column: column.name }
}

export const keyAt = ({ keys }: KeyedRows, row: number): SqliteValue[] => keys.map((key) => key[row] ?? null)
