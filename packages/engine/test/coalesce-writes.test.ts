/** The gathering of writes against a file in memory; the real handles are under every browser test. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { coalesceWrites, type SyncHandle } from '../src/adapters/sqlite/coalesce-writes.ts'

const SIZE = 64

/** A class per call: each is patched, or not, on its own. */
function fileClass() {
  return class File implements SyncHandle {
    bytes = new Uint8Array(0)
    writes = 0
    room = Number.POSITIVE_INFINITY
    write(data: ArrayBufferView, { at = 0 }: { at?: number } = {}): number {
      if (at + data.byteLength > this.room) throw new DOMException('full', 'QuotaExceededError')
      const grown = new Uint8Array(Math.max(this.bytes.length, at + data.byteLength))
      grown.set(this.bytes)
      grown.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at)
      this.bytes = grown
      this.writes++
      return data.byteLength
    }
    read(data: ArrayBufferView, { at = 0 }: { at?: number } = {}): number {
      const part = this.bytes.subarray(at, at + data.byteLength)
      new Uint8Array(data.buffer, data.byteOffset, data.byteLength).set(part)
      return part.length
    }
    flush(): void {}
    truncate(size: number): void {
      const cut = new Uint8Array(size)
      cut.set(this.bytes.subarray(0, size))
      this.bytes = cut
    }
    getSize(): number {
      return this.bytes.length
    }
    close(): void {}
  }
}

function patchedFile() {
  const File = fileClass()
  coalesceWrites(File.prototype)
  coalesceWrites(File.prototype)
  return new File()
}

const bytes = fc.uint8Array({ minLength: 1, maxLength: 8 })
const place = fc.nat(SIZE)
const action = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('write' as const), bytes, at: place }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('append' as const), bytes }) },
  fc.record({ kind: fc.constant('read' as const), at: place }),
  fc.record({ kind: fc.constant('truncate' as const), size: place }),
  fc.record({ kind: fc.constant('flush' as const) }),
)

test('[P1.3] buffered writes read back like direct ones, and a flush leaves none behind', () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
      const plain = new (fileClass())()
      const gathering = patchedFile()
      let end = 0
      for (const each of actions) {
        if (each.kind === 'append') end = both((file) => file.write(each.bytes, { at: end })) + end
        if (each.kind === 'write') end = both((file) => file.write(each.bytes, { at: each.at })) + each.at
        if (each.kind === 'truncate') both((file) => file.truncate(each.size))
        if (each.kind === 'read') both((file) => readAt(file, each.at))
        if (each.kind !== 'flush') continue
        gathering.flush()
        expect(gathering.bytes).toEqual(plain.bytes)
      }
      both((file) => file.getSize())
      function both<T>(run: (file: SyncHandle) => T): T {
        const result = run(plain)
        expect(run(gathering)).toEqual(result)
        return result
      }
    }),
  )
})

function readAt(file: SyncHandle, at: number): unknown[] {
  const data = new Uint8Array(16)
  return [file.read(data, { at }), data]
}

test('[P1.3] a frame’s header and its page become one write', () => {
  const file = patchedFile()
  for (let i = 0; i < 10; i++) file.write(new Uint8Array([i]), { at: i })
  expect(file.writes).toBe(0)
  file.flush()
  expect(file.writes).toBe(1)
  expect([...file.bytes]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
})

test('[P1.3] the flush reports a buffered write that failed, and does not repeat it', () => {
  const file = patchedFile()
  file.room = 4
  file.write(new Uint8Array(8), { at: 0 })
  expect(() => file.flush()).toThrow('full')
  file.flush()
  expect(file.getSize()).toBe(0)
})
