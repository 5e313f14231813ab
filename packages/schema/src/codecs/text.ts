/**
 * text, varchar(n), char(n), enums and the types that only Postgres checks, stored as TEXT.
 *
 * Postgres holds no U+0000, and a lone surrogate is no character in UTF-8. A text longer than its column is refused:
 * a cast in Postgres would cut it in silence. char(n) is stored without its padding, as `value::text` prints it.
 */
import type { ColumnType } from '@landfall/protocol'
import type { Codec, SqliteValue } from '../codec.ts'
import { refuse } from './refuse.ts'

const UNSTORABLE = /[\0\p{Surrogate}]/u

export function textCodec(type: ColumnType): Codec {
  return { toWire: (value) => (value === null ? null : plainText(value, type)), fromWire: (text) => text }
}

export function varcharCodec(type: ColumnType): Codec {
  const { length } = type
  return {
    toWire(value) {
      if (value === null) return null
      const text = plainText(value, type)
      if (length !== undefined && isLonger(text, length)) refuse(type, `more than ${length} characters`)
      return text
    },
    fromWire: (text) => text,
  }
}

export function charCodec(type: ColumnType): Codec {
  const length = type.length ?? 1
  return {
    toWire(value) {
      if (value === null) return null
      const text = withoutPadding(plainText(value, type))
      return isLonger(text, length) ? refuse(type, `more than ${length} characters`) : text
    },
    fromWire: (text) => (text === null ? null : withoutPadding(text)),
  }
}

export function enumCodec(type: ColumnType): Codec {
  const labels = new Set(type.labels)
  return {
    toWire(value) {
      if (value === null) return null
      if (typeof value === 'string' && labels.has(value)) return value
      return refuse(type, `one of ${[...labels].join(', ')} is needed`)
    },
    fromWire: (text) => text,
  }
}

/** The value, if it is text that Postgres can hold. */
export function plainText(value: SqliteValue, type: ColumnType): string {
  if (typeof value !== 'string') return refuse(type, 'text is needed')
  if (UNSTORABLE.test(value)) refuse(type, 'text may not hold U+0000 or a lone surrogate')
  return value
}

/** Counts characters as Postgres does, by code point; only long texts are counted at all. */
function isLonger(text: string, length: number): boolean {
  if (text.length <= length) return false
  let count = 0
  for (const _ of text) if (++count > length) return true
  return false
}

function withoutPadding(text: string): string {
  return text.endsWith(' ') ? text.replace(/ +$/, '') : text
}
