/** bytea, stored as BLOB; on the wire in Postgres' hex form `\x00ff`. */
import type { ColumnType } from '@landfall/protocol'
import type { Codec } from '../codec.ts'
import { refuse } from './refuse.ts'

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

export function byteaCodec(type: ColumnType): Codec {
  return {
    toWire(value) {
      if (value === null) return null
      return value instanceof Uint8Array ? encodeHex(value) : refuse(type, 'bytes (a BLOB) are needed')
    },
    fromWire: (text) => (text === null ? null : decodeHex(text)),
  }
}

export function encodeHex(bytes: Uint8Array): string {
  let text = '\\x'
  for (let i = 0; i < bytes.length; i++) text += HEX[bytes[i] ?? 0]
  return text
}

export function decodeHex(text: string): Uint8Array {
  const bytes = new Uint8Array((text.length - 2) / 2)
  for (let i = 0; i < bytes.length; i++)
    bytes[i] = nibble(text.charCodeAt(2 * i + 2)) * 16 + nibble(text.charCodeAt(2 * i + 3))
  return bytes
}

/** '0' is 48, 'a' is 97, 'A' is 65. */
function nibble(code: number): number {
  return code < 58 ? code - 48 : (code | 32) - 87
}
