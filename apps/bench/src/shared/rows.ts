/**
 * Rows for the workloads: the same seed gives the same rows, in Node and in the browser.
 *
 * Ids are scattered over the whole range as random UUIDs are, so that inserts hit the index everywhere. Knows the table
 * of `schema.ts` by its column names; gives wire columns in the manifest's order.
 */
import type { WireColumns, WireValue } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import { codecFor } from '@landfall/schema/internal'
import { sync } from './schema.ts'

export type RowsOptions = { seed: number; count: number; space: number }

type WireRecord = { [column: string]: WireValue }

const WORDS =
  'anchor beam column deck edge flange girder hinge inlet joint keel lintel mortar niche outlet panel'.split(
    ' ',
  )
const STATUSES = ['open', 'in_progress', 'rework', 'passed']

export const [table] = sync.manifest.tables
export const columnNames = (table?.columns ?? []).map(({ name }) => name)

export function generateRows({ seed, count, space }: RowsOptions): WireColumns {
  const random = createRandom(seed)
  const columns: WireColumns = columnNames.map(() => [])
  for (let row = 0; row < count; row++) {
    const record = generateRow(random, space)
    for (const [c, name] of columnNames.entries()) columns[c]?.push(record[name] ?? null)
  }
  return columns
}

/** As the mirror stores them. */
export function storedColumns(columns: WireColumns): SqliteValue[][] {
  const codecs = (table?.columns ?? []).map(({ type }) => codecFor(type))
  return columns.map((column, c) => column.map((value) => codecs[c]?.fromWire(value) ?? null))
}

export function rowsOf<Value>(columns: Value[][]): Value[][] {
  const [first = []] = columns
  return first.map((_, row) => columns.flatMap((column) => column.slice(row, row + 1)))
}

/** The columns with their rows in the order of the first column, which is the key. */
export function sortRows(columns: WireColumns): WireColumns {
  const [keys = []] = columns
  const order = keys.map((_, row) => row).sort((a, b) => ((keys[a] ?? '') < (keys[b] ?? '') ? -1 : 1))
  return columns.map((column) => order.map((row) => column[row] ?? null))
}

type Random = (below: number) => number

function generateRow(random: Random, space: number): WireRecord {
  return {
    id: generateUuid(random),
    space_id: `${space}`,
    title: words(random, 5),
    body: words(random, 20),
    status: STATUSES[random(STATUSES.length)] ?? '',
    votes: `${random(1_000)}`,
    price: `${random(1_000_000)}.${digits(random(100), 2)}`,
    done: random(2) === 0 ? 'false' : 'true',
    due: `2026-${digits(1 + random(12), 2)}-${digits(1 + random(28), 2)}`,
    updated_at: `2026-${digits(1 + random(12), 2)}-${digits(1 + random(28), 2)} 09:${digits(random(60), 2)}:07.${digits(random(100_000), 5)}${1 + random(9)}+00`,
  }
}

function words(random: Random, count: number): string {
  return Array.from({ length: count }, () => WORDS[random(WORDS.length)]).join(' ')
}

const digits = (value: number, length: number): string => `${value}`.padStart(length, '0')

function generateUuid(random: Random): string {
  const hex = Array.from({ length: 8 }, () => random(0x1_0000).toString(16).padStart(4, '0'))
  const [a, b, c, d = '', e = '', f, g, h] = hex
  return `${a}${b}-${c}-4${d.slice(1)}-a${e.slice(1)}-${f}${g}${h}`
}

/** mulberry32: small, and good enough for rows. */
function createRandom(seed: number): Random {
  let state = Math.imul(seed + 1, 0x9e3779b1)
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}
