/**
 * The SQLite build, the one file that imports it: here `@sqlite.org/sqlite-wasm`; in what is installed from npm its
 * Node glue itself, written over this module by `sqlite.mjs`.
 *
 * So nobody who installs Landfall installs that package: it asks for Node 22, which would be a warning on Node 20, and
 * carries 2 MB that nobody uses. Browsers get the glue inside the client's worker, bundled from these sources.
 */
import sqlite3InitModule, { type Sqlite3Static } from '@sqlite.org/sqlite-wasm'

export type Sqlite3 = Sqlite3Static

/** The package types its init without parameters on purpose; Emscripten's options are what it passes on. */
type Init = (options: { locateFile?: (file: string, prefix: string) => string }) => Promise<Sqlite3>

export const initSqlite = sqlite3InitModule as Init
