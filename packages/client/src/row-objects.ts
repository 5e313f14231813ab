/** Rows as objects: mirror column names, which are the names in Postgres. */
import type { QueryResult } from '@landfall/engine'
import type { SqliteValue } from '@landfall/schema'

/** A row by column name, as it is stored: numbers, bigints beyond 2^53, text, bytes, null. */
export type Row = { [column: string]: SqliteValue }

export function rowObject(values: readonly SqliteValue[], columns: readonly string[]): Row {
  const row: Row = {}
  for (let index = 0; index < columns.length; index++) {
    const column = columns[index]
    if (column !== undefined) row[column] = values[index] ?? null
  }
  return row
}

export function rowObjects({ columns, rows }: QueryResult): Row[] {
  return rows.map((values) => rowObject(values, columns))
}
