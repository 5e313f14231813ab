/**
 * A `SqliteDriver` over one open connection of the wasm build.
 *
 * Prepared statements are kept by their text, the least recently used are finalized first. Text from the app and
 * text of the engine are cached apart, because only the former passed the gate of `authorize.ts`.
 * Does not know where the database is stored.
 */
import { LandfallError } from '@landfall/protocol'
import type { SqliteDriver } from '../../ports.ts'
import { createGate, decide, type Gate } from './authorize.ts'
import { sqliteError } from './sqlite-errors.ts'
import { createHeap, type Heap } from './heap.ts'
import type { Pointer, RawSqlite, SqliteModule } from './raw.ts'
import { WasmStatement, type StatementHost } from './statement.ts'

const CACHED_STATEMENTS = 400
/** SQLITE_PREPARE_PERSISTENT: the statement will be kept. */
const PERSISTENT = 1
const MISUSE = 21

type Origin = 'engine' | 'user'

export type OpenedDatabase = {
  pointer: Pointer
  /** Closes the connection and whatever holds the files. */
  close(): void
}

export function createConnection(module: SqliteModule, database: OpenedDatabase): SqliteDriver {
  const connection = new Connection(module, database)
  return {
    exec: (sql) => connection.exec(sql),
    prepare: (sql) => connection.prepare(sql, 'engine'),
    prepareUser: (sql) => connection.prepare(sql, 'user'),
    tablesRead: (sql) => connection.tablesRead(sql),
    changes: () => connection.changes(),
    inTransaction: () => connection.inTransaction(),
    export: () => connection.export(),
    close: () => connection.close(),
  }
}

class Connection implements StatementHost {
  readonly raw: RawSqlite
  readonly heap: Heap
  readonly #module: SqliteModule
  readonly #database: OpenedDatabase
  readonly #gate: Gate = createGate()
  /** Where prepare leaves its two results. */
  readonly #out: Pointer
  readonly #byText = { engine: new Map<string, WasmStatement>(), user: new Map<string, WasmStatement>() }
  /** Prepared now, in order of use. */
  readonly #live = new Map<WasmStatement, Pointer>()
  #closed = false

  constructor(module: SqliteModule, database: OpenedDatabase) {
    this.#module = module
    this.#database = database
    this.raw = module.raw
    this.heap = createHeap(module.raw, module.memory)
    this.#out = module.raw.malloc(8)
    module.sqlite3.capi.sqlite3_set_authorizer(
      database.pointer,
      (...[, code, first, second, , trigger]) =>
        decide(this.#gate, { code, first: text(first), second: text(second), trigger: text(trigger) }),
      0,
    )
  }

  exec(sql: string): void {
    this.#checkOpen()
    let rest = sql
    while (rest !== '') {
      const { pointer, consumed } = this.#prepareOne(rest, 0)
      if (pointer !== 0) this.#runOnce(pointer, rest)
      // A prepare that consumes nothing would loop for ever.
      rest = consumed === 0 ? '' : sliceBytes(rest, consumed)
    }
  }

  prepare(sql: string, origin: Origin): WasmStatement {
    this.#checkOpen()
    const known = this.#byText[origin].get(sql)
    if (known !== undefined) return known
    const { pointer, readonly } = origin === 'user' ? this.#prepareGuarded(sql) : this.#prepareSingle(sql)
    const statement = new WasmStatement(this, {
      sql,
      columns: this.#columnNames(pointer),
      readonly,
      parameters: this.raw.sqlite3_bind_parameter_count(pointer),
    })
    this.#byText[origin].set(sql, statement)
    this.#keep(statement, pointer)
    return statement
  }

  pointer(statement: WasmStatement): Pointer {
    this.#checkOpen()
    // A statement that was evicted while somebody still held it has passed the gate when it was made.
    const pointer = this.#live.get(statement) ?? this.#prepareSingle(statement.sql).pointer
    this.#live.delete(statement)
    this.#keep(statement, pointer)
    return pointer
  }

  tablesRead(sql: string): string[] {
    this.#checkOpen()
    this.#gate.reads.clear()
    const { pointer } = this.#inMode('reads', () => this.#prepareSingle(sql))
    this.raw.sqlite3_finalize(pointer)
    return [...this.#gate.reads]
  }

  changes(): number {
    return this.raw.sqlite3_changes(this.#database.pointer)
  }

  inTransaction(): boolean {
    return this.raw.sqlite3_get_autocommit(this.#database.pointer) === 0
  }

  export(): Uint8Array {
    this.#checkOpen()
    this.exec('PRAGMA wal_checkpoint(truncate)')
    const bytes = this.#module.sqlite3.capi.sqlite3_js_db_export(this.#database.pointer)
    // Bytes 18 and 19 say "WAL"; without its WAL file such a copy does not open everywhere.
    bytes.fill(1, 18, 20)
    return bytes
  }

  close(): void {
    if (this.#closed) return
    for (const pointer of this.#live.values()) this.raw.sqlite3_finalize(pointer)
    this.#live.clear()
    this.#closed = true
    this.heap.free()
    this.raw.free(this.#out)
    this.#database.close()
  }

  fail(sql: string): never {
    const db = this.#database.pointer
    const code = this.raw.sqlite3_extended_errcode(db)
    const message = this.heap.readCString(this.raw.sqlite3_errmsg(db))
    throw sqliteError({ code, message, sql })
  }

  /** Prepares an app's statement under the rules. */
  #prepareGuarded(sql: string): { pointer: Pointer; readonly: boolean } {
    this.#gate.refused = null
    this.#gate.savepoint = false
    try {
      const prepared = this.#inMode('user', () => this.#prepareSingle(sql))
      // A savepoint outside of a transaction opens one: it has to run like a write.
      return { ...prepared, readonly: prepared.readonly && !this.#gate.savepoint }
    } catch (error) {
      if (this.#gate.refused === null) throw error
      throw new LandfallError('sql_forbidden', { reason: this.#gate.refused, sql: sql.slice(0, 300) })
    }
  }

  #inMode<Result>(mode: Gate['mode'], run: () => Result): Result {
    this.#gate.mode = mode
    try {
      return run()
    } finally {
      this.#gate.mode = 'engine'
    }
  }

  /** Exactly one statement; comments around it are fine. */
  #prepareSingle(sql: string): { pointer: Pointer; readonly: boolean } {
    const { pointer, consumed } = this.#prepareOne(sql, PERSISTENT)
    if (pointer === 0) throw sqliteError({ code: MISUSE, message: 'the text holds no statement', sql })
    const rest = sliceBytes(sql, consumed)
    if (rest.trim() !== '' && this.#holdsStatement(rest)) {
      this.raw.sqlite3_finalize(pointer)
      throw new LandfallError('sql_forbidden', {
        reason: 'one statement at a time',
        sql: sql.slice(0, 300),
      })
    }
    return { pointer, readonly: this.raw.sqlite3_stmt_readonly(pointer) === 1 }
  }

  #holdsStatement(sql: string): boolean {
    try {
      const { pointer } = this.#prepareOne(sql, 0)
      this.raw.sqlite3_finalize(pointer)
      return pointer !== 0
    } catch {
      return true
    }
  }

  /** The first statement of the text, 0 when there is none, and how many bytes it took. */
  #prepareOne(sql: string, flags: number): { pointer: Pointer; consumed: number } {
    const { raw, heap } = this
    try {
      const at = heap.putText(sql)
      const out = this.#out
      const code = raw.sqlite3_prepare_v3(this.#database.pointer, at, heap.lastLength(), flags, out, out + 4)
      if (code !== 0) this.fail(sql)
      return { pointer: heap.readPointer(out), consumed: heap.readPointer(out + 4) - at }
    } finally {
      heap.release()
    }
  }

  #runOnce(pointer: Pointer, sql: string): void {
    const ROW = 100
    const DONE = 101
    try {
      let code = ROW
      while (code === ROW) code = this.raw.sqlite3_step(pointer)
      if (code !== DONE) this.fail(sql)
    } finally {
      this.raw.sqlite3_finalize(pointer)
    }
  }

  #columnNames(pointer: Pointer): string[] {
    const count = this.raw.sqlite3_column_count(pointer)
    return Array.from({ length: count }, (_, i) =>
      this.heap.readCString(this.raw.sqlite3_column_name(pointer, i)),
    )
  }

  /** As the last used; makes room. */
  #keep(statement: WasmStatement, pointer: Pointer): void {
    this.#live.set(statement, pointer)
    if (this.#live.size <= CACHED_STATEMENTS) return
    const [oldest] = this.#live
    if (oldest === undefined) return
    const [evicted, evictedPointer] = oldest
    this.raw.sqlite3_finalize(evictedPointer)
    this.#live.delete(evicted)
    for (const byText of [this.#byText.engine, this.#byText.user]) {
      if (byText.get(evicted.sql) === evicted) byText.delete(evicted.sql)
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw new LandfallError('database_closed')
  }
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

function sliceBytes(sql: string, bytes: number): string {
  return new TextDecoder().decode(new TextEncoder().encode(sql).subarray(bytes))
}
