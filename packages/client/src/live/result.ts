/**
 * A live result on the page's side of the port: applies patches to the former rows.
 *
 * An unchanged row stays the same array, so everything derived from it (an object, a decoded record, a rendered line)
 * stays as well. Does not know where patches come from.
 */
import type { LivePatch } from '@landfall/engine'
import type { SqliteValue } from '@landfall/schema'

export type RawRow = readonly SqliteValue[]
export type RawResult = { columns: readonly string[]; rows: readonly RawRow[] }

/** The rows after the patch; `order[i]` is an index into the rows before, or `~index` into the patch's own. */
export function applyPatch(before: RawResult | null, patch: LivePatch): RawResult {
  const rows = patch.order.map((place) => (place < 0 ? patch.rows[~place] : before?.rows[place]) ?? [])
  return { columns: patch.columns, rows }
}
