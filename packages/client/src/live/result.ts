/**
 * A live result on this side of the port: patches are put together with the rows that stayed.
 *
 * A row that did not change stays the same array, so whatever was made of it (an object, a decoded record, a rendered
 * line) can stay as well. Does not know where patches come from.
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
