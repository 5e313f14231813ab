/**
 * Opens databases of the wasm build: in memory (Node and browser), in the browser's private file system (a worker), or
 * on a VFS that the caller has registered (a simulated disk).
 *
 * OPFS: the `opfs-sahpool` VFS, one pool directory per database. The pragmas are the cheapest mode that is on disk
 * when a commit returns: WAL under exclusive locking with a full flush. Handles of a worker that was just terminated
 * linger for seconds; opening tries again with backoff, then says `storage_busy`.
 */
import { type Clock, LandfallError } from '@landfall/protocol'
import type { SqliteDriver } from '../ports.ts'
import { coalesceWrites, type SyncHandle } from './sqlite/coalesce-writes.ts'
import { createConnection } from './sqlite/connection.ts'
import { loadSqlite, type LoadOptions, type SqliteModule } from './sqlite/raw.ts'

const FILE = '/landfall.db'
/** Database, WAL, journal and room for temporary files. */
const CAPACITY = 6
const GIVE_UP_AFTER_MS = 15_000
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 1_000
const OPAQUE_DIRECTORY = '.opaque'

/** Only workers have it, and only their type library names it. */
declare const FileSystemSyncAccessHandle: { readonly prototype: SyncHandle }

export type OpfsOptions = LoadOptions & {
  /** The pool's directory, `/`-separated; of this database alone. */
  directory: string
  clock: Clock
  /** Acknowledge commits before they are flushed: faster, and a power cut may take the last ones. */
  relaxed?: boolean
}

export type OpfsDatabase = {
  driver: SqliteDriver
  /** False once the browser has deleted the files under us; commits would still seem to work. */
  isIntact(): Promise<boolean>
  /** Closes and deletes the files. */
  remove(): Promise<void>
}

export type FileOptions = LoadOptions & {
  /** The name of a VFS registered with the module of `loadSqlite`. */
  vfs: string
  file: string
  /** As for OPFS. */
  relaxed?: boolean
}

type Pool = Awaited<ReturnType<SqliteModule['sqlite3']['installOpfsSAHPoolVfs']>>

export async function openMemory(options: LoadOptions = {}): Promise<SqliteDriver> {
  const module = await loadSqlite(options)
  const db = new module.sqlite3.oo1.DB(':memory:')
  const driver = createConnection(module, { pointer: pointerOf(db.pointer), close: () => db.close() })
  driver.exec('PRAGMA recursive_triggers = on')
  return driver
}

export async function openOpfs(options: OpfsOptions): Promise<OpfsDatabase> {
  if (!options.relaxed) coalesceWrites(FileSystemSyncAccessHandle.prototype)
  const module = await loadSqlite(options)
  const pool = await openPool(module, options)
  const db = new pool.OpfsSAHPoolDb(FILE)
  const close = (): void => {
    db.close()
    // Gives the handles back, so that the next tab can open the files.
    pool.pauseVfs()
  }
  const driver = configured(createConnection(module, { pointer: pointerOf(db.pointer), close }), options)
  return {
    driver,
    isIntact: () => exists(options.directory),
    async remove() {
      driver.close()
      await pool.removeVfs()
    },
  }
}

/** Opens a file as `openOpfs` does, with the same pragmas, on another VFS. */
export async function openFile(options: FileOptions): Promise<SqliteDriver> {
  const module = await loadSqlite(options)
  const db = openOn(module, options)
  const close = (): void => db.close()
  return configured(createConnection(module, { pointer: pointerOf(db.pointer), close }), options)
}

function openOn(
  module: SqliteModule,
  { vfs, file }: FileOptions,
): InstanceType<SqliteModule['sqlite3']['oo1']['DB']> {
  try {
    return new module.sqlite3.oo1.DB({ filename: file, flags: 'c', vfs })
  } catch (error) {
    throw new LandfallError('storage_unavailable', { cause: messageOf(error) })
  }
}

function configured(driver: SqliteDriver, options: { relaxed?: boolean }): SqliteDriver {
  try {
    configure(driver, options.relaxed ?? false)
    return driver
  } catch (error) {
    // Files that nobody uses must not stay locked.
    driver.close()
    throw error
  }
}

/** Exclusive locking has to come first: without shared memory a WAL database cannot be read otherwise. */
function configure(driver: SqliteDriver, relaxed: boolean): void {
  driver.exec('PRAGMA locking_mode = exclusive')
  const [[mode] = []] = driver.prepare('PRAGMA journal_mode = wal').all([])
  if (mode !== 'wal') throw new LandfallError('storage_unavailable', { journalMode: mode })
  driver.exec(`
    PRAGMA synchronous = ${relaxed ? 'normal' : 'full'};
    PRAGMA cache_size = -65536;
    PRAGMA journal_size_limit = 16777216;
    PRAGMA recursive_triggers = on;
  `)
}

async function openPool(module: SqliteModule, options: OpfsOptions): Promise<Pool> {
  const { clock } = options
  const deadline = clock.now() + GIVE_UP_AFTER_MS
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await installPool(module, options.directory)
    } catch (error) {
      if (!isHeld(error)) throw new LandfallError('storage_unavailable', { cause: messageOf(error) })
      if (clock.now() >= deadline) throw new LandfallError('storage_busy', { directory: options.directory })
    }
    await new Promise<void>((resolve) => clock.after(pause, resolve))
  }
}

async function installPool(module: SqliteModule, directory: string): Promise<Pool> {
  const settings = {
    name: `landfall-${directory}`,
    directory,
    initialCapacity: CAPACITY,
    // The default deletes the pool when opening fails, as it does while another worker holds it.
    preserveOnInitFailure: true,
    forceReinitIfPreviouslyFailed: true,
    verbosity: 0,
  }
  const pool = await module.sqlite3.installOpfsSAHPoolVfs(settings)
  return pool.isPaused() ? pool.unpauseVfs() : pool
}

async function exists(directory: string): Promise<boolean> {
  try {
    let handle = await navigator.storage.getDirectory()
    for (const part of [...directory.split('/'), OPAQUE_DIRECTORY]) {
      if (part !== '') handle = await handle.getDirectoryHandle(part)
    }
    return true
  } catch {
    return false
  }
}

/** Another worker holds the access handles. */
function isHeld(error: unknown): boolean {
  return error instanceof Error && error.name === 'NoModificationAllowedError'
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function pointerOf(pointer: unknown): number {
  if (typeof pointer !== 'number') throw new LandfallError('storage_unavailable', { what: 'no database' })
  return pointer
}
