/**
 * Values and blocks of rows as they travel.
 *
 * A value travels as the text Postgres prints for it (`value::text` with UTC, ISO dates and hex bytea), or as
 * null: one form for every type, exact for all of them, and what Postgres itself parses back. Rows travel as
 * blocks of columns, each column an array with one value per row, because Postgres builds that with one
 * aggregate per column, it compresses best, and it feeds both `unnest` and a prepared insert without reshaping.
 */

/** A value as the text Postgres prints for it, or null. */
export type WireValue = string | null

/** Columns of a block: `columns[c][r]` is the value of column c in row r. All columns are equally long. */
export type WireColumns = WireValue[][]

/** One row, cut from a block. */
export type WireRow = WireValue[]

export function rowCount(columns: WireColumns): number {
  return columns[0]?.length ?? 0
}

export function rowAt(columns: WireColumns, index: number): WireRow {
  return columns.map((column) => column[index] ?? null)
}

/** A primary key as one text: unique per key, for maps and for tables that hold keys of many tables. */
export function encodeKey(key: WireRow): string {
  return JSON.stringify(key)
}

export function decodeKey(text: string): WireRow {
  return JSON.parse(text) as WireRow
}
