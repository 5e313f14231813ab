/**
 * How a codec refuses a value: `value_invalid` with the column's type and the reason, never with the value, which may be
 * a secret and would end up in logs.
 *
 * Does not know table and column: the seal of the changeset adds them.
 */
import { LandfallError, type ColumnType } from '@landfall/protocol'

export function refuse(type: ColumnType, reason: string): never {
  throw new LandfallError('value_invalid', { type: type.sql, reason })
}
