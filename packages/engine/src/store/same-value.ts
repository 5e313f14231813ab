/** Equality of stored values, to the last bit: 0 is not -0, bytes by content. */
import type { SqliteValue } from '@landfall/schema'

export function sameValue(a: SqliteValue, b: SqliteValue): boolean {
  if (Object.is(a, b)) return true
  return a instanceof Uint8Array && b instanceof Uint8Array && sameBytes(a, b)
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index])
}
