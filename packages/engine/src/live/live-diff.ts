/**
 * The difference of two results: the unchanged rows by their former place, and the new rows.
 *
 * Most flushes change a row or two, so the common head and tail are compared in place; only what lies between is
 * looked up by content. Does not know keys: a row that changed in one column is a new row.
 */
import type { SqliteValue } from '@landfall/schema'
import type { LivePatch } from '../api.ts'
import { sameValue } from '../store/same-value.ts'

type Rows = readonly SqliteValue[][]

/** null when the results are equal. */
export function diffRows(before: Rows, after: Rows): Pick<LivePatch, 'order' | 'rows'> | null {
  const head = commonHead(before, after)
  if (head === before.length && head === after.length) return null
  const tail = commonTail(before, after, head)
  const free = placesByContent(before, head, before.length - tail)
  const order: number[] = []
  const rows: SqliteValue[][] = []
  after.forEach((row, index) => {
    if (index < head) order.push(index)
    else if (index >= after.length - tail) order.push(index - after.length + before.length)
    else order.push(free.get(contentOf(row))?.shift() ?? ~(rows.push(row) - 1))
  })
  return { order, rows }
}

function commonHead(before: Rows, after: Rows): number {
  const most = Math.min(before.length, after.length)
  let head = 0
  while (head < most && sameRow(before[head], after[head])) head++
  return head
}

function commonTail(before: Rows, after: Rows, head: number): number {
  const most = Math.min(before.length, after.length) - head
  let tail = 0
  while (tail < most && sameRow(before[before.length - 1 - tail], after[after.length - 1 - tail])) tail++
  return tail
}

function sameRow(a: readonly SqliteValue[] = [], b: readonly SqliteValue[] = []): boolean {
  return a.length === b.length && a.every((value, index) => sameValue(value, b[index] ?? null))
}

/** Equal rows share an entry; each place is given out once, the first one first. */
function placesByContent(rows: Rows, from: number, to: number): Map<string, number[]> {
  const places = new Map<string, number[]>()
  for (let index = from; index < to; index++) {
    const content = contentOf(rows[index] ?? [])
    const known = places.get(content)
    if (known === undefined) places.set(content, [index])
    else known.push(index)
  }
  return places
}

/** Different rows have different contents: the type stands before each value, the length before text and bytes. */
function contentOf(row: readonly SqliteValue[]): string {
  let content = ''
  for (const value of row) {
    if (value === null) content += 'n'
    else if (typeof value === 'string') content += `s${value.length}:${value}`
    else if (typeof value === 'number') content += `d${Object.is(value, -0) ? '-0' : value};`
    else if (typeof value === 'bigint') content += `i${value};`
    else content += `b${value.length}:${value.join()};`
  }
  return content
}
