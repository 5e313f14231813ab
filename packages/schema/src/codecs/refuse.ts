/**
 * How a codec refuses a value: `value_invalid` with the column's type, the reason and the head of the value.
 *
 * Does not know table and column: whoever seals the changeset adds them.
 */
import { LandfallError, type ColumnType } from '@landfall/protocol'

const SHOWN = 80

export function refuse(type: ColumnType, value: unknown, reason: string): never {
  throw new LandfallError('value_invalid', { type: type.sql, reason, value: shown(value) })
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return `${value.length} bytes`
  const text = String(value).slice(0, SHOWN)
  return text.length < SHOWN ? text : `${text}...`
}
