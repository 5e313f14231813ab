/** Which conflict policies make sense for which types. */
import type { ColumnKind, ColumnType, Policy } from '@landfall/protocol'

const NUMBERS = new Set<ColumnKind>(['int2', 'int4', 'int8', 'float4', 'float8', 'numeric'])
const TEXTS = new Set<ColumnKind>(['text', 'varchar', 'char'])

/** null when the policy fits the type. */
export function policyMisfit(policy: Policy, type: ColumnType): { problem: string; cure: string } | null {
  const needs = neededBy(policy, type)
  if (needs === null) return null
  return {
    problem: `the conflict policy '${policy}' needs ${needs}, and the column is ${type.sql}`,
    cure: "name another policy for this column in conflicts, such as 'last-write' or 'review'",
  }
}

function neededBy(policy: Policy, type: ColumnType): string | null {
  switch (policy) {
    case 'counter':
      return NUMBERS.has(type.kind) && !type.array ? null : 'a number'
    case 'set':
      return type.array ? null : 'an array'
    case 'text':
      return TEXTS.has(type.kind) && !type.array ? null : 'a text column'
    case 'max':
    case 'min':
      return type.kind === 'json' || type.kind === 'opaque' ? 'values that can be ordered' : null
    default:
      return null
  }
}
