/**
 * json and jsonb, stored as TEXT exactly as it was written or printed: parsing would lose digits and repeated keys.
 *
 * `JSON.parse` only checks: its grammar is Postgres'. jsonb also decodes strings and numbers, so it refuses U+0000,
 * lone surrogates and numbers that numeric cannot hold, even written as escapes. Depth is bounded because both sides
 * recurse somewhere.
 */
import type { ColumnType } from '@landfall/protocol'
import type { Codec } from '../codec.ts'
import { refuse } from './refuse.ts'
import { plainText } from './text.ts'

/** Deeper nesting is refused. */
export const MAX_JSON_DEPTH = 1000

const STRINGS = /"[^"\\]*(?:\\.[^"\\]*)*"/g
const ESCAPE = /\\(?:u([0-9a-f]{4})|[^u])/gi
/** Numbers that could leave numeric's range: long ones and large exponents. */
const RISKY_NUMBER = /\d{1000}|[eE][+-]?\d{4}/
const NUMBER = /-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?/g
const MAX_WHOLE = 131_072
const MAX_SCALE = 16_383

export function jsonCodec(kind: 'json' | 'jsonb', type: ColumnType): Codec {
  return {
    toWire(value) {
      if (value === null) return null
      const text = plainText(value, type)
      checkSyntax(text, type)
      if (kind === 'jsonb') checkDecodable(text, type)
      return text
    },
    fromWire: (text) => text,
  }
}

function checkSyntax(text: string, type: ColumnType): void {
  try {
    JSON.parse(text)
  } catch {
    refuse(type, 'not valid JSON')
  }
  if (text.length > 2 * MAX_JSON_DEPTH && depthOf(text) > MAX_JSON_DEPTH)
    refuse(type, `nested deeper than ${MAX_JSON_DEPTH}`)
}

/** Of valid JSON. */
function depthOf(text: string): number {
  let depth = 0
  let deepest = 0
  for (const bracket of text.replace(STRINGS, '').match(/[[\]{}]/g) ?? []) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1
    deepest = Math.max(deepest, depth)
  }
  return deepest
}

function checkDecodable(text: string, type: ColumnType): void {
  if (text.includes('\\u') && !hasDecodableEscapes(text))
    refuse(type, 'jsonb may not hold U+0000 or a lone surrogate')
  if (RISKY_NUMBER.test(text) && !hasNumericNumbers(text))
    refuse(type, 'a number is outside of what jsonb can hold')
}

function hasDecodableEscapes(text: string): boolean {
  let highEnd = -1 // where a high surrogate ended that waits for its low one
  for (const match of text.matchAll(ESCAPE)) {
    const unit = match[1] === undefined ? -1 : Number.parseInt(match[1], 16)
    const isLow = unit >= 0xdc00 && unit < 0xe000
    if (unit === 0 || isLow !== (highEnd !== -1) || (isLow && highEnd !== match.index)) return false
    highEnd = unit >= 0xd800 && unit < 0xdc00 ? match.index + match[0].length : -1
  }
  return highEnd === -1
}

function hasNumericNumbers(text: string): boolean {
  for (const [, whole = '', fraction = '', power = '0'] of text.replace(STRINGS, '').matchAll(NUMBER)) {
    const exponent = Number(power)
    if (whole.length + exponent > MAX_WHOLE || fraction.length - exponent > MAX_SCALE) return false
  }
  return true
}
