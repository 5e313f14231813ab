/** Real SQLite in memory: values in and out of a column, bit for bit, through the C API. */
import sqlite3InitModule, { type SqlValue } from '@sqlite.org/sqlite-wasm'
import type { SqliteValue } from '../../src/index.ts'

export type Sqlite = {
  run(sql: string): void
  /** Binds one value to a statement with one parameter and returns its rows. */
  query(sql: string, params: SqliteValue[]): SqliteValue[][]
}

export async function openSqlite(): Promise<Sqlite> {
  const sqlite3 = await sqlite3InitModule()
  const db = new sqlite3.oo1.DB(':memory:')
  const { capi, wasm } = sqlite3
  const read = (pointer: number, index: number): SqliteValue => {
    switch (capi.sqlite3_column_type(pointer, index)) {
      case capi.SQLITE_INTEGER: {
        const value = capi.sqlite3_column_int64(pointer, index)
        return Number.isSafeInteger(Number(value)) ? Number(value) : BigInt(value)
      }
      case capi.SQLITE_FLOAT:
        return capi.sqlite3_column_double(pointer, index)
      case capi.SQLITE_NULL:
        return null
      case capi.SQLITE_TEXT:
        return new TextDecoder('utf-8', { ignoreBOM: true, fatal: true }).decode(bytes(pointer, index))
      default:
        return bytes(pointer, index).slice()
    }
  }
  const bytes = (pointer: number, index: number): Uint8Array => {
    const start = capi.sqlite3_column_blob(pointer, index)
    return wasm.heap8u().subarray(start, start + capi.sqlite3_column_bytes(pointer, index))
  }
  return {
    run: (sql) => void db.exec(sql),
    query(sql, params) {
      const statement = db.prepare(sql)
      const pointer = statement.pointer as number
      const rows: SqliteValue[][] = []
      for (const [i, value] of params.entries()) {
        if (typeof value === 'number' && (!Number.isSafeInteger(value) || Object.is(value, -0)))
          capi.sqlite3_bind_double(pointer, i + 1, value)
        else statement.bind(i + 1, value as SqlValue)
      }
      while (statement.step())
        rows.push(Array.from({ length: statement.columnCount }, (_, i) => read(pointer, i)))
      statement.finalize()
      return rows
    },
  }
}
