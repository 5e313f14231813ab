/**
 * The Postgres array literal: `{1,2,NULL}`, `{{a,b},{c,d}}`, `{"with space","quo\"te"}`, `[0:1]={a,b}`.
 *
 * Reads what `array_out` writes and the spellings people use (blanks around elements); refuses what `array_in` would,
 * and a backslash outside of quotes. Does not know element types.
 */
export type ArrayItem = string | null | ArrayItem[]
/** `bounds` is the text before `=`, empty when all lower bounds are 1. */
export type ParsedArray = { bounds: string; items: ArrayItem[] }

const MAX_DIMENSIONS = 6
const BOUNDS = /^((?:\[[+-]?\d{1,9}:[+-]?\d{1,9}\]){1,6})=/
/** One token: brace, comma, quoted element, bare element. Blanks around tokens are skipped. */
const TOKEN =
  /[ \t\n\v\f\r]*(?:([{},])|"((?:[^"\\]|\\[^])*)"|([^ \t\n\v\f\r{},"\\](?:[^{},"\\]*[^ \t\n\v\f\r{},"\\])?))[ \t\n\v\f\r]*/y
const NEEDS_QUOTES = /^$|^null$|[{}",\\ \t\n\v\f\r]/i

/** null when the text is not an array literal. */
export function parseArray(text: string): ParsedArray | null {
  const prefix = BOUNDS.exec(text)
  const tokens = tokenize(text, prefix === null ? 0 : prefix[0].length)
  if (tokens === null || tokens[0] !== OPEN) return null
  const reader = { tokens, at: 1 }
  const items = readItems(reader, 1)
  if (items === null || reader.at !== tokens.length) return null
  const sizes = dimensions(items)
  if (sizes === null) return null
  const bounds = prefix === null ? '' : keptBounds(prefix[1] ?? '', sizes)
  return bounds === null ? null : { bounds, items }
}

export function printArray(array: ParsedArray, elementText: (text: string) => string): string {
  const print = (item: ArrayItem): string => {
    if (item === null) return 'NULL'
    if (Array.isArray(item)) return `{${item.map(print).join(',')}}`
    const text = elementText(item)
    return NEEDS_QUOTES.test(text) ? `"${text.replace(/["\\]/g, '\\$&')}"` : text
  }
  return array.bounds + print(array.items)
}

const OPEN = Symbol('{')
const CLOSE = Symbol('}')
const COMMA = Symbol(',')
type Token = typeof OPEN | typeof CLOSE | typeof COMMA | string | null

function tokenize(text: string, from: number): Token[] | null {
  const tokens: Token[] = []
  TOKEN.lastIndex = from
  for (let at = from; at < text.length; at = TOKEN.lastIndex) {
    const match = TOKEN.exec(text)
    if (match === null) return null
    const [, sign, quoted, bare] = match
    if (sign !== undefined) tokens.push(sign === '{' ? OPEN : sign === '}' ? CLOSE : COMMA)
    else if (quoted !== undefined) tokens.push(quoted.replace(/\\([^])/g, '$1'))
    else tokens.push(/^null$/i.test(bare ?? '') ? null : (bare ?? ''))
  }
  return tokens
}

type Reader = { tokens: Token[]; at: number }

/** Reads items up to the closing brace. */
function readItems(reader: Reader, depth: number): ArrayItem[] | null {
  const items: ArrayItem[] = []
  if (reader.tokens[reader.at] === CLOSE) {
    reader.at++
    return depth === 1 ? items : null
  }
  for (;;) {
    const item = readItem(reader, depth)
    if (item === undefined) return null
    items.push(item)
    const next = reader.tokens[reader.at++]
    if (next === CLOSE) return items
    if (next !== COMMA) return null
  }
}

function readItem(reader: Reader, depth: number): ArrayItem | undefined {
  const token = reader.tokens[reader.at++]
  if (token === OPEN) return depth < MAX_DIMENSIONS ? (readItems(reader, depth + 1) ?? undefined) : undefined
  return typeof token === 'symbol' ? undefined : token
}

/** The sizes of all dimensions; null when the array is not rectangular. */
function dimensions(items: ArrayItem[]): number[] | null {
  const first = items[0]
  if (!Array.isArray(first)) return items.some(Array.isArray) ? null : [items.length]
  const inner = dimensions(first)
  if (inner === null) return null
  for (const item of items) {
    const sizes = Array.isArray(item) ? dimensions(item) : null
    if (sizes?.join() !== inner.join()) return null
  }
  return [items.length, ...inner]
}

/** The bounds as Postgres prints them: not at all when every lower bound is 1. null when they do not fit the items. */
function keptBounds(prefix: string, sizes: number[]): string | null {
  const bounds = [...prefix.matchAll(/\[([+-]?\d+):([+-]?\d+)\]/g)].map(([, low, high]) => [
    Number(low),
    Number(high),
  ])
  if (bounds.length !== sizes.length) return null
  if (bounds.some(([low = 0, high = 0], i) => high - low + 1 !== sizes[i])) return null
  return bounds.every(([low]) => low === 1)
    ? ''
    : `${bounds.map(([low, high]) => `[${low}:${high}]`).join('')}=`
}
