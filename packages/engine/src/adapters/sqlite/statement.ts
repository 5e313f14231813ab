/**
 * One prepared statement: binds exactly, steps to the end, reads by storage class.
 *
 * Numbers: a safe integer is stored as INTEGER, any other number as REAL (-0 and the infinities included), a bigint
 * as INTEGER within 64 bits. NaN is refused, because SQLite would store NULL. Integers beyond 2^53 are read as bigint.
 * A statement that was evicted from the cache prepares itself again when it is used.
 */
import { LandfallError } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import type { SqliteStatement } from '../../ports.ts'
import type { Heap } from './heap.ts'
import type { Pointer, RawSqlite } from './raw.ts'

const ROW = 100
const DONE = 101
/** SQLITE_STATIC: the bytes stay in place until the run has ended. */
const STATIC = 0
const MAX_INT64 = 2n ** 63n - 1n
const MIN_INT64 = -(2n ** 63n)
const INTEGER = 1
const FLOAT = 2
const TEXT = 3
const BLOB = 4

/** What a statement needs of its connection. */
export type StatementHost = {
  raw: RawSqlite
  heap: Heap
  /** The live statement for the text, prepared now if need be; marks it as used. */
  pointer(statement: WasmStatement): Pointer
  fail(sql: string): never
  changes(): number
}

export type StatementText = { sql: string; columns: string[]; readonly: boolean; parameters: number }

export class WasmStatement implements SqliteStatement {
  readonly sql: string
  readonly columns: string[]
  readonly readonly: boolean
  readonly #host: StatementHost
  readonly #parameters: number

  constructor(host: StatementHost, text: StatementText) {
    this.#host = host
    this.sql = text.sql
    this.columns = text.columns
    this.readonly = text.readonly
    this.#parameters = text.parameters
  }

  all(params: readonly SqliteValue[]): SqliteValue[][] {
    const rows: SqliteValue[][] = []
    const pointer = this.#open(params)
    try {
      const width = this.columns.length
      while (this.#step(pointer)) rows.push(this.#row(pointer, width))
    } finally {
      this.#close(pointer)
    }
    return rows
  }

  allColumns(params: readonly SqliteValue[]): SqliteValue[][] {
    const columns: SqliteValue[][] = this.columns.map(() => [])
    const pointer = this.#open(params)
    try {
      while (this.#step(pointer)) {
        for (let c = 0; c < columns.length; c++) columns[c]?.push(this.#value(pointer, c))
      }
    } finally {
      this.#close(pointer)
    }
    return columns
  }

  run(params: readonly SqliteValue[]): number {
    const pointer = this.#open(params)
    try {
      while (this.#step(pointer));
      return this.readonly ? 0 : this.#host.changes()
    } finally {
      this.#close(pointer)
    }
  }

  runColumns(columns: readonly (readonly SqliteValue[])[]): void {
    this.#checkCount(columns.length)
    const { raw, heap } = this.#host
    const pointer = this.#host.pointer(this)
    const count = columns[0]?.length ?? 0
    try {
      for (let row = 0; row < count; row++) {
        for (let c = 0; c < columns.length; c++) this.#bind(pointer, c + 1, columns[c]?.[row] ?? null)
        while (this.#step(pointer));
        raw.sqlite3_reset(pointer)
        heap.release()
      }
    } finally {
      this.#close(pointer)
    }
  }

  #open(params: readonly SqliteValue[]): Pointer {
    this.#checkCount(params.length)
    const pointer = this.#host.pointer(this)
    try {
      for (let i = 0; i < params.length; i++) this.#bind(pointer, i + 1, params[i] ?? null)
    } catch (error) {
      this.#close(pointer)
      throw error
    }
    return pointer
  }

  #close(pointer: Pointer): void {
    this.#host.raw.sqlite3_reset(pointer)
    this.#host.raw.sqlite3_clear_bindings(pointer)
    this.#host.heap.release()
  }

  /** Whether there is a row. */
  #step(pointer: Pointer): boolean {
    const code = this.#host.raw.sqlite3_step(pointer)
    if (code === ROW) return true
    return code === DONE ? false : this.#host.fail(this.sql)
  }

  #checkCount(given: number): void {
    if (given === this.#parameters) return
    throw new LandfallError('sql_error', {
      reason: `the statement has ${this.#parameters} parameters, ${given} were given`,
      sql: this.sql.slice(0, 300),
    })
  }

  #bind(pointer: Pointer, index: number, value: SqliteValue): void {
    const { raw, heap } = this.#host
    let code: number
    if (value === null) code = raw.sqlite3_bind_null(pointer, index)
    else if (typeof value === 'string') {
      const at = heap.putText(value)
      code = raw.sqlite3_bind_text(pointer, index, at, heap.lastLength(), STATIC)
    } else if (typeof value === 'number') code = this.#bindNumber(pointer, index, value)
    else if (typeof value === 'bigint') {
      if (value > MAX_INT64 || value < MIN_INT64) refuse('the integer does not fit 64 bits', index)
      code = raw.sqlite3_bind_int64(pointer, index, value)
    } else if (value instanceof Uint8Array) {
      const at = heap.putBytes(value)
      code = raw.sqlite3_bind_blob(pointer, index, at, heap.lastLength(), STATIC)
    } else code = refuse('only null, numbers, bigints, text and bytes can be bound', index)
    if (code !== 0) this.#host.fail(this.sql)
  }

  #bindNumber(pointer: Pointer, index: number, value: number): number {
    const { raw } = this.#host
    if (Object.is(value, -0) || !Number.isSafeInteger(value)) {
      if (Number.isNaN(value)) refuse('SQLite has no NaN', index)
      return raw.sqlite3_bind_double(pointer, index, value)
    }
    if (value === (value | 0)) return raw.sqlite3_bind_int(pointer, index, value)
    return raw.sqlite3_bind_int64(pointer, index, BigInt(value))
  }

  #row(pointer: Pointer, width: number): SqliteValue[] {
    const row: SqliteValue[] = []
    for (let column = 0; column < width; column++) row.push(this.#value(pointer, column))
    return row
  }

  #value(pointer: Pointer, column: number): SqliteValue {
    const { raw, heap } = this.#host
    switch (raw.sqlite3_column_type(pointer, column)) {
      case INTEGER: {
        // A double is exact up to 2^53 and costs less than a bigint.
        const number = raw.sqlite3_column_double(pointer, column)
        return Number.isSafeInteger(number) ? number : raw.sqlite3_column_int64(pointer, column)
      }
      case FLOAT:
        return raw.sqlite3_column_double(pointer, column)
      case TEXT: {
        const at = raw.sqlite3_column_text(pointer, column)
        return heap.readText(at, raw.sqlite3_column_bytes(pointer, column))
      }
      case BLOB: {
        const at = raw.sqlite3_column_blob(pointer, column)
        return heap.bytes().slice(at, at + raw.sqlite3_column_bytes(pointer, column))
      }
      default:
        return null
    }
  }
}

function refuse(reason: string, parameter: number): never {
  throw new LandfallError('value_invalid', { reason, parameter })
}
