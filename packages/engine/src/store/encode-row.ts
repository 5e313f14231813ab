/**
 * Stored values to wire values at the commit, and the values that have to be stored differently.
 *
 * A value that its column cannot hold in Postgres is refused here, with table, key and column, before anything is
 * acknowledged (P13). A value in another spelling than Postgres prints (an upper-case UUID) is noted as a correction,
 * so that the mirror holds what the server will hold.
 */
import { LandfallError, type WireValue } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import type { MirrorColumn, MirrorTable } from './mirror-table.ts'

/** A row as the mirror holds it, all columns in order. */
export type StoredRow = readonly SqliteValue[]

/** The key as it is stored, and the column's new stored value. */
export type Correction = { key: SqliteValue[]; column: MirrorColumn; value: SqliteValue }

/** The wire value of one column of a row; adds to `corrections` when it should be stored differently. */
export function encodeValue(table: MirrorTable, row: StoredRow, at: EncodePlace): WireValue {
  const { column, position, corrections } = at
  const value = row[position] ?? null
  if (value === null) return null
  const wire = toWire(table, row, at)
  const canonical = canonicalForm(column, value, wire)
  if (!sameValue(value, canonical)) corrections.push({ key: keyOf(table, row), column, value: canonical })
  return wire
}

export type EncodePlace = { column: MirrorColumn; position: number; corrections: Correction[] }

function toWire(table: MirrorTable, row: StoredRow, { column, position }: EncodePlace): WireValue {
  try {
    return column.codec.toWire(row[position] ?? null)
  } catch (error) {
    if (!(error instanceof LandfallError)) throw error
    throw new LandfallError(error.code, { ...placeOf(table, column, row), ...error.details })
  }
}

/** STRICT keeps INTEGER and BLOB columns canonical by itself. */
function canonicalForm(column: MirrorColumn, value: SqliteValue, wire: WireValue): SqliteValue {
  return column.stored === 'INTEGER' || column.stored === 'BLOB' ? value : column.codec.fromWire(wire)
}

/** For the details of an error: which value it is about. */
export function placeOf(
  table: MirrorTable,
  column: MirrorColumn,
  row: StoredRow,
): { [name: string]: unknown } {
  return { table: table.name, key: keyOf(table, row).map(String), column: column.name }
}

export function keyOf(table: MirrorTable, row: StoredRow): SqliteValue[] {
  return table.keyPositions.map((position) => row[position] ?? null)
}

/** Equal to the last bit: 0 is not -0, bytes by content. */
export function sameValue(a: SqliteValue, b: SqliteValue): boolean {
  if (Object.is(a, b)) return true
  return a instanceof Uint8Array && b instanceof Uint8Array && sameBytes(a, b)
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
