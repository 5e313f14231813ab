/**
 * Text and bytes into and out of wasm memory, through one scratch block that is reused for every statement run.
 *
 * What a run binds stays in place until `release`, so SQLite needs no copy of its own (SQLITE_STATIC). Values that
 * do not fit get a block of their own until then. Up to a dozen ASCII characters are copied by hand: the encoder's
 * fixed cost per call is higher than that. Text that is not well-formed is refused, because the encoder would put U+FFFD in its place.
 */
import { LandfallError } from '@landfall/protocol'
import type { Pointer, RawSqlite } from './raw.ts'

const SCRATCH_BYTES = 256 * 1024
const SHORT = 12
const LONE_SURROGATE = /\p{Surrogate}/u

export type Heap = {
  /** The memory as bytes; stale after the memory grows, so never kept. */
  bytes(): Uint8Array
  /** Copies text in; returns its address, its length in bytes is `lastLength()`. */
  putText(text: string): Pointer
  putBytes(bytes: Uint8Array): Pointer
  lastLength(): number
  release(): void
  readText(at: Pointer, length: number): string
  readCString(at: Pointer): string
  readPointer(at: Pointer): Pointer
  free(): void
}

export function createHeap(raw: RawSqlite, memory: WebAssembly.Memory): Heap {
  const encoder = new TextEncoder()
  const scratch = raw.malloc(SCRATCH_BYTES)
  const end = scratch + SCRATCH_BYTES
  const extra: Pointer[] = []
  let view = new Uint8Array(memory.buffer)
  let at = scratch
  let length = 0

  function bytes(): Uint8Array {
    if (view.buffer !== memory.buffer) view = new Uint8Array(memory.buffer)
    return view
  }

  /** Room for `size` bytes; the scratch block's when it has it. */
  function room(size: number): Pointer {
    if (at + size <= end) return at
    const block = raw.malloc(size)
    if (block === 0) throw new LandfallError('too_large', { what: 'value', bytes: size })
    extra.push(block)
    return block
  }

  function taken(start: Pointer): Pointer {
    if (start === at) at += length
    return start
  }

  function putAscii(text: string): boolean {
    const target = bytes()
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i)
      if (code >= 0x80) return false
      target[at + i] = code
    }
    return true
  }

  function putText(text: string): Pointer {
    if (text.length <= SHORT && at + SHORT <= end && putAscii(text)) {
      length = text.length
      return taken(at)
    }
    // UTF-8 takes at most three bytes for each UTF-16 unit.
    const start = room(text.length * 3 + 1)
    length = encoder.encodeInto(text, bytes().subarray(start)).written
    if (length !== text.length && LONE_SURROGATE.test(text))
      throw new LandfallError('value_invalid', { reason: 'text with a lone surrogate is not Unicode' })
    return taken(start)
  }

  return {
    bytes,
    putText,
    putBytes(value) {
      const start = room(value.length + 1)
      bytes().set(value, start)
      length = value.length
      return taken(start)
    },
    lastLength: () => length,
    release() {
      at = scratch
      while (extra.length > 0) raw.free(extra.pop() ?? 0)
    },
    ...createReader(bytes),
    free: () => raw.free(scratch),
  }
}

type Reader = Pick<Heap, 'readText' | 'readCString' | 'readPointer'>

function createReader(bytes: Heap['bytes']): Reader {
  // A leading BOM is part of the value.
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  return {
    readText(start, size) {
      const source = bytes()
      if (size > SHORT) return decoder.decode(source.subarray(start, start + size))
      let text = ''
      for (let i = start; i < start + size; i++) {
        const code = source[i] ?? 0
        if (code >= 0x80) return decoder.decode(source.subarray(start, start + size))
        text += String.fromCharCode(code)
      }
      return text
    },
    readCString(start) {
      const source = bytes()
      return start === 0 ? '' : decoder.decode(source.subarray(start, source.indexOf(0, start)))
    },
    readPointer(start) {
      return new DataView(bytes().buffer).getUint32(start, true)
    },
  }
}
