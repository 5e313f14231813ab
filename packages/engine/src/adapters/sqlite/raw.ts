/**
 * The SQLite build: loads it once (build.ts) and names the raw wasm exports that the driver calls.
 *
 * The exports are called directly, without the package's wrappers: binding and reading through its object API costs
 * several times as much, corrupts large numbers and drops a leading BOM. Pointers are numbers (a 32-bit build);
 * 64-bit integers are bigints. This module does not know statements or rules; see `connection.ts`.
 */
import { initSqlite, type Sqlite3 } from './build.ts'

export type Pointer = number

/** The exports of the wasm module that are used here, as the C header declares them. */
export type RawSqlite = {
  malloc(size: number): Pointer
  free(pointer: Pointer): void
  sqlite3_prepare_v3(
    db: Pointer,
    sql: Pointer,
    bytes: number,
    flags: number,
    statement: Pointer,
    tail: Pointer,
  ): number
  sqlite3_step(statement: Pointer): number
  sqlite3_reset(statement: Pointer): number
  sqlite3_finalize(statement: Pointer): number
  sqlite3_clear_bindings(statement: Pointer): number
  sqlite3_stmt_readonly(statement: Pointer): number
  sqlite3_bind_parameter_count(statement: Pointer): number
  sqlite3_bind_null(statement: Pointer, index: number): number
  sqlite3_bind_int(statement: Pointer, index: number, value: number): number
  sqlite3_bind_int64(statement: Pointer, index: number, value: bigint): number
  sqlite3_bind_double(statement: Pointer, index: number, value: number): number
  sqlite3_bind_text(
    statement: Pointer,
    index: number,
    text: Pointer,
    bytes: number,
    destructor: number,
  ): number
  sqlite3_bind_blob(
    statement: Pointer,
    index: number,
    blob: Pointer,
    bytes: number,
    destructor: number,
  ): number
  sqlite3_column_count(statement: Pointer): number
  sqlite3_column_name(statement: Pointer, column: number): Pointer
  sqlite3_column_type(statement: Pointer, column: number): number
  sqlite3_column_int64(statement: Pointer, column: number): bigint
  sqlite3_column_double(statement: Pointer, column: number): number
  sqlite3_column_text(statement: Pointer, column: number): Pointer
  sqlite3_column_blob(statement: Pointer, column: number): Pointer
  sqlite3_column_bytes(statement: Pointer, column: number): number
  sqlite3_changes(db: Pointer): number
  sqlite3_get_autocommit(db: Pointer): number
  sqlite3_extended_errcode(db: Pointer): number
  sqlite3_errmsg(db: Pointer): Pointer
}

export type SqliteModule = { sqlite3: Sqlite3; raw: RawSqlite; memory: WebAssembly.Memory }

export type LoadOptions = {
  /** Where `sqlite3.wasm` is served, when it does not lie beside the worker. */
  wasmUrl?: string
}

/** VFSes that are never used; the unused proxy would warn under COOP/COEP. */
const DISABLED = { vfs: { opfs: true, 'opfs-wl': true, 'opfs-vfs': true, kvvfs: true } }

let loading: Promise<SqliteModule> | null = null

/** Loads the module; later calls get the same one. */
export function loadSqlite(options: LoadOptions = {}): Promise<SqliteModule> {
  loading ??= load(options).catch((error: unknown) => {
    loading = null
    throw error
  })
  return loading
}

async function load(options: LoadOptions): Promise<SqliteModule> {
  Object.assign(globalThis, { sqlite3ApiConfig: { disable: DISABLED } })
  const { wasmUrl } = options
  const sqlite3 = await initSqlite(wasmUrl === undefined ? {} : { locateFile: () => wasmUrl })
  const raw: RawSqlite = sqlite3.wasm.exports
  // Missing from the package's types.
  const { memory } = sqlite3.wasm as unknown as { memory: WebAssembly.Memory }
  return { sqlite3, raw, memory }
}
