/**
 * Merges that Postgres computes itself, in the column's own type and precision.
 *
 * With `cur` in Postgres, `old` what the client saw and `new` what it wants:
 * - counter: cur + (new - old), where nothing counts as 0
 * - max, min: the greater, the lesser of cur and new
 * - set: what is in cur, without what the client took out of old, with what it put in; in cur's order, then new's
 */
import type { ManifestColumn } from '@landfall/protocol'

export type MergeValues = { cur: string; old: string; new: string }

/** The text of the merged value; null for policies that Postgres does not compute. */
export function mergeSql({ policy, type }: ManifestColumn, values: MergeValues): string | null {
  switch (policy) {
    case 'counter':
      return `(${counted(values, type.kind.startsWith('float') ? type.kind : 'numeric')})::${type.sql}::text`
    case 'max':
      return `greatest(${values.cur}, ${values.new})::text`
    case 'min':
      return `least(${values.cur}, ${values.new})::text`
    case 'set':
      return `${mergedSet(values, type.kind)}::text`
    default:
      return null
  }
}

function counted(values: MergeValues, arithmetic: string): string {
  const amount = (value: string) => `coalesce(${value}, 0)::${arithmetic}`
  return `${amount(values.cur)} + ${amount(values.new)} - ${amount(values.old)}`
}

/** The longest array that is taken for a set: every member is looked for in the other arrays. */
const MAX_MEMBERS = 1_000

/** NULL, so that people decide, where an array is too long, or has several dimensions and so no members. */
function mergedSet({ cur, old, new: wanted }: MergeValues, kind: string): string {
  const same =
    kind === 'json' || kind === 'opaque' ? 'm::text IS NOT DISTINCT FROM e::text' : 'm IS NOT DISTINCT FROM e'
  const isIn = (array: string) => `EXISTS (SELECT FROM unnest(${array}) AS s(m) WHERE ${same})`
  const flat = [cur, old, wanted].map(
    (array) =>
      `coalesce(array_ndims(${array}), 1) = 1 AND coalesce(cardinality(${array}), 0) <= ${MAX_MEMBERS}`,
  )
  return `
    CASE WHEN ${flat.join(' AND ')} THEN ARRAY(
      SELECT e FROM (
        SELECT e, 1 AS part, place FROM unnest(${cur}) WITH ORDINALITY AS c(e, place)
        WHERE NOT ${isIn(old)} OR ${isIn(wanted)}
        UNION ALL
        SELECT e, 2 AS part, place FROM unnest(${wanted}) WITH ORDINALITY AS w(e, place)
        WHERE NOT ${isIn(old)} AND NOT ${isIn(cur)}
      ) AS members
      ORDER BY part, place
    ) END`
}
