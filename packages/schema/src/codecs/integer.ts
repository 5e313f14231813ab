/**
 * bool, int2, int4 and int8, all stored as SQLite INTEGER.
 *
 * int8 reaches beyond 2^53, where a JS number has already lost digits: there the codec takes and gives only bigint.
 */
import type { ColumnType } from '@landfall/protocol'
import type { Codec } from '../codec.ts'
import { refuse } from './refuse.ts'

const RANGES = { int2: 2 ** 15, int4: 2 ** 31 }
const MIN_INT8 = -(2n ** 63n)
const MAX_INT8 = 2n ** 63n - 1n
/** Texts of up to so many characters are always safe integers. */
const SAFE_DIGITS = 15

export function boolCodec(type: ColumnType): Codec {
  return {
    toWire(value) {
      if (value === 1 || value === 1n) return 'true'
      if (value === 0 || value === 0n) return 'false'
      return value === null ? null : refuse(type, 'a boolean is stored as 0 or 1')
    },
    fromWire(text) {
      if (text === null) return null
      return text === 'true' || text === 't' ? 1 : 0
    },
  }
}

export function smallIntegerCodec(kind: 'int2' | 'int4', type: ColumnType): Codec {
  const end = RANGES[kind]
  return {
    toWire(value) {
      if (value === null) return null
      const number = typeof value === 'bigint' ? Number(value) : value
      if (typeof number === 'number' && Number.isInteger(number) && number >= -end && number < end)
        return `${number}`
      return refuse(type, `an integer from ${-end} to ${end - 1} is needed`)
    },
    fromWire: (text) => (text === null ? null : Number(text)),
  }
}

export function int8Codec(type: ColumnType): Codec {
  return {
    toWire(value) {
      if (value === null) return null
      if (typeof value === 'number' && Number.isSafeInteger(value)) return `${value}`
      if (typeof value === 'bigint' && value >= MIN_INT8 && value <= MAX_INT8) return `${value}`
      return refuse(type, 'a 64-bit integer is needed, as bigint beyond 2^53')
    },
    fromWire: (text) => (text === null ? null : integerFromText(text)),
  }
}

function integerFromText(text: string): number | bigint {
  const number = Number(text)
  return text.length <= SAFE_DIGITS || Number.isSafeInteger(number) ? number : BigInt(text)
}
