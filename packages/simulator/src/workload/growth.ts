/**
 * `set n = n + 1`, within bounds in which neither database overflows or rounds.
 *
 * A device has numeric as text, where SQLite would calculate in floats: there the whole part is counted up and the
 * fraction is dropped. Where both sides grow the same column the counter policy has its work.
 */
import type { ColumnKind } from '@landfall/protocol'
import { typmodOf } from './numbers.ts'
import { name } from './statement.ts'
import type { Dialect, PlanColumn } from './workload.ts'

const GROWING = new Set<ColumnKind>(['int2', 'int4', 'int8', 'float4', 'float8', 'numeric'])
const LIMIT = 1000
/** More than any step, so that one more step stays within the digits. */
const ROOM = 6

export const growableColumns = (written: readonly PlanColumn[]): PlanColumn[] =>
  written.filter((column) => {
    const { type } = column.column
    const isFree = !column.isKey && !column.isUnique && column.pool === null
    return isFree && !type.array && GROWING.has(type.kind) && limitOf(column) > 0
  })

/** The assignment, and the condition under which it is safe. */
export function growth(column: PlanColumn, dialect: Dialect, step: number): { set: string; within: string } {
  const limit = limitOf(column)
  const field = name(column)
  if (dialect === 'sqlite' && column.column.type.kind === 'numeric')
    return {
      set: `${field} = cast(cast(${field} as integer) + ${step} as text)`,
      within: `cast(${field} as real) between ${-limit} and ${limit}`,
    }
  return { set: `${field} = ${field} + ${step}`, within: `${field} between ${-limit} and ${limit}` }
}

function limitOf({ column: { type } }: PlanColumn): number {
  const typmod = type.kind === 'numeric' ? typmodOf(type) : null
  if (typmod === null) return LIMIT
  return typmod.scale < 0 ? 0 : Math.min(LIMIT, 10 ** (typmod.precision - typmod.scale) - ROOM)
}
