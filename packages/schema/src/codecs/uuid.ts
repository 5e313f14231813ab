/** uuid, stored as TEXT in the form Postgres prints: 36 characters, lower case. Other spellings are converted. */
import type { ColumnType } from '@landfall/protocol'
import type { Codec } from '../codec.ts'
import { refuse } from './refuse.ts'

const CANONICAL = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/
const SPELLING = /^\{?([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})\}?$/

export function uuidCodec(type: ColumnType): Codec {
  return {
    toWire(value) {
      if (value === null) return null
      if (typeof value !== 'string') return refuse(type, 'a UUID as text is needed')
      return CANONICAL.test(value) ? value : canonical(value, type)
    },
    fromWire: (text) => text,
  }
}

function canonical(value: string, type: ColumnType): string {
  const match = SPELLING.exec(value.toLowerCase())
  if (match === null || value.startsWith('{') !== value.endsWith('}')) return refuse(type, 'not a UUID')
  return match.slice(1).join('-')
}
