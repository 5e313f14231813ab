/**
 * Arrays of every supported type, stored as TEXT: the Postgres array literal, as `array::text` prints it.
 *
 * Elements stand in their type's output form, which is not always `element::text`: a bool is t or f, a char(n) is
 * padded, bytes are quoted hex. `toWire` reads a literal, has every element checked by the element's codec, and writes
 * it as Postgres would. Bounds other than 1 (`[0:1]={a,b}`) are kept. A literal that is not rectangular is refused.
 */
import type { ColumnType } from '@landfall/protocol'
import type { Codec } from '../codec.ts'
import { decodeHex } from './bytea.ts'
import { parseArray, printArray } from './array-literal.ts'
import { refuse } from './refuse.ts'

export function arrayCodec(type: ColumnType, element: Codec): Codec {
  const elementText = (text: string): string => outputForm(type, element.toWire(storedElement(type, text)))
  return {
    toWire(value) {
      if (value === null) return null
      const array = typeof value === 'string' ? parseArray(value) : null
      if (array === null) return refuse(type, 'a Postgres array literal such as {a,b} is needed')
      return printArray(array, elementText)
    },
    fromWire: (text) => text,
  }
}

/** What the element's codec takes, from the element's text in a literal. */
export function storedElement(type: ColumnType, text: string): string | number | bigint | Uint8Array {
  switch (type.kind) {
    case 'bool':
      return /^(?:t|true|1)$/i.test(text) ? 1 : /^(?:f|false|0)$/i.test(text) ? 0 : text
    case 'int2':
    case 'int4':
    case 'int8':
      return /^[+-]?\d{1,20}$/.test(text) ? BigInt(text.replace('+', '')) : text
    case 'bytea':
      return /^\\x(?:[0-9a-f]{2})*$/i.test(text) ? decodeHex(text) : text
    default:
      return text
  }
}

function outputForm(type: ColumnType, wire: string | null): string {
  const text = wire ?? ''
  if (type.kind === 'bool') return text.slice(0, 1)
  return type.kind === 'char' ? padEnd(text, type.length ?? 1) : text
}

/** Counts code points, as Postgres pads. */
function padEnd(text: string, length: number): string {
  return text + ' '.repeat(Math.max(0, length - Array.from(text).length))
}
