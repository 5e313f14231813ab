/**
 * Simulated disks as files of SQLite: one set of VFS methods, installed into the wasm module once.
 *
 * Each method costs a slot of the wasm function table, so all disks share them. What an opened database has of its own
 * is a `sqlite3_vfs` struct (88 bytes and a name), because only that tells a call which disk a nameless temporary file
 * belongs to, and whose clock is asked. Sector size and device characteristics are those of the browser's pool VFS, so
 * that SQLite writes what it would write there.
 *
 * No method may throw into wasm: a `DiskFailure` becomes the result code of its call. Locks are granted, since a disk
 * has one user. Knows nothing of connections.
 */
import type { SqliteModule } from '@landfall/engine'
import { DiskFailure, type DiskHandle, type DiskSession } from './disk.ts'

const OK = 0
const IOERR = 10
const NOTFOUND = 12
const CANTOPEN = 14
const IOERR_READ = 266
const IOERR_SHORT_READ = 522
const IOERR_WRITE = 778
const IOERR_FSYNC = 1034
const IOERR_TRUNCATE = 1546
const IOERR_FSTAT = 1802
const IOERR_DELETE = 2570
const IOERR_ACCESS = 3338
const OPEN_CREATE = 4
const UNDELETABLE_WHEN_OPEN = 0x800
const SECTOR_BYTES = 4096
const LONGEST_NAME = 512
/** `sqlite3_file` is a pointer to its methods. */
const FILE_BYTES = 4
/** `sqlite3_vfs` has 22 fields of 32 bits; the name is the fifth. */
const VFS_BYTES = 88
const VFS_NAME = 16
/** Milliseconds from the start of the Julian period to 1970. */
const JULIAN_1970_MS = 210_866_760_000_000
const DAY_MS = 86_400_000

type Wasm = SqliteModule['sqlite3']['wasm']
type Methods = { [name: string]: (...args: never[]) => number }

/** What stands behind one registered VFS. */
export type DiskHost = {
  /** Null: it has no files. */
  session: DiskSession | null
  now(): number
  /** 0 to 255, for SQLite's seed. */
  randomByte(): number
}

export type DiskVfs = {
  register(name: string, host: DiskHost, asDefault: boolean): { unregister(): void }
}

export function installDiskVfs({ sqlite3 }: SqliteModule): DiskVfs {
  const { capi, wasm } = sqlite3
  const hosts = new Map<number, DiskHost>()
  const handles = new Map<number, DiskHandle>()
  const io = new capi.sqlite3_io_methods()
  io.installMethods({ ...dataMethods(wasm, handles), ...plainMethods(wasm, handles) })
  Object.assign(io, { $iVersion: 1 }) // misspelt in the package's types; 1: no shared memory
  const vfs = new capi.sqlite3_vfs()
  const xOpen = openMethod({ wasm, hosts, handles, io: io.pointer })
  vfs.installMethods({ xOpen, ...nameMethods(wasm, hosts), ...portMethods(wasm, hosts) })
  vfs.$iVersion = 2
  vfs.$szOsFile = FILE_BYTES
  vfs.$mxPathname = LONGEST_NAME
  return {
    register(name, host, asDefault) {
      const pointer = wasm.alloc(VFS_BYTES)
      const text = wasm.allocCString(name, false)
      wasm.heap8u().copyWithin(pointer, vfs.pointer, vfs.pointer + VFS_BYTES)
      wasm.poke32(pointer + VFS_NAME, text)
      hosts.set(pointer, host)
      capi.sqlite3_vfs_register(pointer, asDefault ? 1 : 0)
      return {
        unregister() {
          capi.sqlite3_vfs_unregister(pointer)
          hosts.delete(pointer)
          wasm.dealloc(text)
          wasm.dealloc(pointer)
        },
      }
    },
  }
}

/** Runs one call of SQLite's; the code says what failed when the disk does. */
function answer(code: number, run: () => number | void): number {
  try {
    return run() ?? OK
  } catch (error) {
    // A used-up quota reaches SQLite as the plain code from the browser's file system.
    return error instanceof DiskFailure && error.reason === 'full' ? IOERR : code
  }
}

function sessionOf(hosts: Map<number, DiskHost>, vfs: number): DiskSession {
  const session = hosts.get(vfs)?.session
  if (!session) throw new DiskFailure('dead')
  return session
}

function handleOf(handles: Map<number, DiskHandle>, file: number): DiskHandle {
  const handle = handles.get(file)
  if (handle === undefined) throw new DiskFailure('dead')
  return handle
}

type Opening = { wasm: Wasm; hosts: Map<number, DiskHost>; handles: Map<number, DiskHandle>; io: number }

function openMethod({ wasm, hosts, handles, io }: Opening) {
  return (...[vfs, name, file, flags, outFlags]: [number, number, number, number, number]): number => {
    wasm.poke32(file, 0) // no methods: SQLite does not close what did not open
    return answer(CANTOPEN, () => {
      const create = (flags & OPEN_CREATE) !== 0
      const handle = sessionOf(hosts, vfs).open(name === 0 ? null : wasm.cstrToJs(name), create)
      if (handle === null) return CANTOPEN
      handles.set(file, handle)
      wasm.poke32(file, io)
      if (outFlags !== 0) wasm.poke32(outFlags, flags)
    })
  }
}

function nameMethods(wasm: Wasm, hosts: Map<number, DiskHost>): Methods {
  const textOf = (name: number): string => wasm.cstrToJs(name) ?? ''
  return {
    xDelete: (vfs: number, name: number, synced: number) =>
      answer(IOERR_DELETE, () => sessionOf(hosts, vfs).remove(textOf(name), synced !== 0)),
    xAccess: (...[vfs, name, , out]: [number, number, number, number]) =>
      answer(IOERR_ACCESS, () => void wasm.poke32(out, sessionOf(hosts, vfs).exists(textOf(name)) ? 1 : 0)),
    xFullPathname: (...[, name, size, out]: [number, number, number, number]) =>
      wasm.cstrncpy(out, name, size) < size ? OK : CANTOPEN,
  }
}

function portMethods(wasm: Wasm, hosts: Map<number, DiskHost>): Methods {
  const now = (vfs: number): number => Math.floor(hosts.get(vfs)?.now() ?? 0) + JULIAN_1970_MS
  return {
    xRandomness(vfs: number, size: number, out: number) {
      const heap = wasm.heap8u()
      for (let i = 0; i < size; i++) heap[out + i] = hosts.get(vfs)?.randomByte() ?? 0
      return size
    },
    xSleep: () => 0,
    xCurrentTime(vfs: number, out: number) {
      wasm.poke64f(out, now(vfs) / DAY_MS)
      return OK
    },
    xCurrentTimeInt64(vfs: number, out: number) {
      wasm.poke64(out, BigInt(now(vfs)))
      return OK
    },
  }
}

function dataMethods(wasm: Wasm, handles: Map<number, DiskHandle>): Methods {
  return {
    xRead: (...[file, to, size, at]: [number, number, number, bigint]) =>
      answer(IOERR_READ, () => {
        const there = handleOf(handles, file).read(wasm.heap8u().subarray(to, to + size), Number(at))
        return there < size ? IOERR_SHORT_READ : OK
      }),
    xWrite: (...[file, from, size, at]: [number, number, number, bigint]) =>
      answer(IOERR_WRITE, () =>
        handleOf(handles, file).write(wasm.heap8u().subarray(from, from + size), Number(at)),
      ),
    xTruncate: (file: number, size: bigint) =>
      answer(IOERR_TRUNCATE, () => handleOf(handles, file).truncate(Number(size))),
    xSync: (file: number) => answer(IOERR_FSYNC, () => handleOf(handles, file).sync()),
    xFileSize: (file: number, out: number) =>
      answer(IOERR_FSTAT, () => void wasm.poke64(out, BigInt(handleOf(handles, file).size()))),
  }
}

function plainMethods(wasm: Wasm, handles: Map<number, DiskHandle>): Methods {
  return {
    xClose(file: number) {
      handles.delete(file)
      return OK
    },
    xLock: () => OK,
    xUnlock: () => OK,
    xCheckReservedLock(_file: number, out: number) {
      wasm.poke32(out, 0)
      return OK
    },
    xFileControl: () => NOTFOUND,
    xSectorSize: () => SECTOR_BYTES,
    xDeviceCharacteristics: () => UNDELETABLE_WHEN_OPEN,
  }
}
