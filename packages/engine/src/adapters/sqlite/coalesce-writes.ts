/**
 * Fewer, larger writes to the private file system: contiguous writes of one file are gathered until it is flushed.
 *
 * SQLite writes a WAL frame's header and its page one after the other, and a commit is several frames; every write of
 * a sync access handle costs a trip to another process (measured: 17 writes a single-row commit, most of its time).
 * Everything that could tell the difference writes the gathered bytes out first: read, flush, truncate, getSize and
 * close. With `synchronous=full` each commit is flushed before it is acknowledged, so an acknowledged commit is never
 * in the buffer; with less it could be, and gathering stays off. A write that fails is reported by the flush of the
 * same commit, which SQLite then rolls back.
 *
 * It replaces methods of the handles' prototype, because the pool VFS makes its handles itself: only for a worker that
 * is the engine's own. Knows nothing of SQLite.
 */
const LARGEST = 1 << 20

type Gathered = { bytes: Uint8Array; at: number; length: number }
type WriteOptions = { at?: number }

/** The part of FileSystemSyncAccessHandle that this replaces. */
export type SyncHandle = {
  write(data: ArrayBufferView, options?: WriteOptions): number
  read(data: ArrayBufferView, options?: WriteOptions): number
  flush(): void
  truncate(size: number): void
  getSize(): number
  close(): void
}

const patched = new WeakSet<object>()

/** Makes all handles with this prototype gather their writes. Once is enough; again does nothing. */
export function coalesceWrites(prototype: SyncHandle): void {
  if (patched.has(prototype)) return
  patched.add(prototype)
  const write = prototype.write
  const gathered = new WeakMap<SyncHandle, Gathered>()

  function writeOut(handle: SyncHandle): void {
    const part = gathered.get(handle)
    if (part === undefined || part.length === 0) return
    const { bytes, at, length } = part
    part.length = 0 // if it fails, SQLite is told once and writes anew what it still wants
    const written = write.call(handle, bytes.subarray(0, length), { at })
    if (written !== length) throw new DOMException('only a part was written', 'QuotaExceededError')
  }

  prototype.write = function (this: SyncHandle, data, options) {
    const at = options?.at ?? 0
    const part = gathered.get(this) ?? { bytes: new Uint8Array(LARGEST), at: 0, length: 0 }
    gathered.set(this, part)
    if (part.at + part.length !== at || part.length + data.byteLength > LARGEST) writeOut(this)
    if (data.byteLength > LARGEST) return write.call(this, data, { at })
    if (part.length === 0) part.at = at
    part.bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), part.length)
    part.length += data.byteLength
    return data.byteLength
  }
  beforeEach(prototype, writeOut)
}

/** Writes the gathered bytes out before each method that could tell that they are missing. */
function beforeEach(prototype: SyncHandle, writeOut: (handle: SyncHandle) => void): void {
  const { read, flush, truncate, getSize, close } = prototype
  prototype.read = function (this: SyncHandle, data, options) {
    writeOut(this)
    return read.call(this, data, options)
  }
  prototype.flush = function (this: SyncHandle) {
    writeOut(this)
    flush.call(this)
  }
  prototype.truncate = function (this: SyncHandle, size) {
    writeOut(this)
    truncate.call(this, size)
  }
  prototype.getSize = function (this: SyncHandle) {
    writeOut(this)
    return getSize.call(this)
  }
  prototype.close = function (this: SyncHandle) {
    writeOut(this)
    close.call(this)
  }
}
