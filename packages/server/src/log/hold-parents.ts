/**
 * Where a row's scope is its parent's: the parents are held while the row's change is logged.
 *
 * A parent that moves to another scope is locked FOR UPDATE by whoever moves it (`capture-moves.ts`), its children's
 * writers hold it FOR KEY SHARE: so either the mover waits and then finds the row, or the writer waits and then reads the new
 * scope. A foreign key takes the same lock, but only at an insertion. FOR SHARE would not do: two who both hold it, and then
 * both update the parent, wait for each other. Runs after a guarded block has read the same columns without an error.
 */
import { EVERY_SCOPE, type ManifestTable, type ScopePath } from '@landfall/protocol'
import { quoteIdentifier as quote, quoteTable } from '@landfall/schema/internal'
import { nameOf, namedRow, type RowOf } from '../sql/scope-sql.ts'
import { type CapturedTable, logRow } from './capture-function.ts'
import { LOG_OPERATIONS } from './tables.ts'

/** One row of a row trigger, or all of a transition table. */
export type RowSource = { row: RowOf; from: string }

/** What was read of the rows is read again when their parents are held; nothing where no scope is a parent's. */
export function heldReading(table: ManifestTable, sources: readonly RowSource[], reading: string): string {
  const holds = table.scopes.flatMap(({ through }) =>
    through === undefined ? [] : through.hops.map((_, last) => holdHop(through, last, sources)),
  )
  return holds.length === 0 ? '' : `${[...new Set(holds)].join('')}\n  ${reading}`
}

/**
 * Of rows as they were: one statement may take a row away and then its parent (`WITH l AS (DELETE FROM lines ...) DELETE FROM
 * orders ...`), so that neither trigger finds both. Their table is sent whole. By a cascade, a depth further, the parent
 * goes first, and says so itself (`capture-moves.ts`).
 */
export function markOrphans(captured: CapturedTable, { row, from }: RowSource): string {
  const { scopes } = captured.table
  const hops = scopes.flatMap(({ through }) => through?.hops[0] ?? [])
  if (hops.length === 0) return ''
  const orphans = hops.map((hop) => {
    const named = hop.columns.map((column) => `${row(column)} IS NOT NULL`).join(' AND ')
    const same = hop.key.map((name, k) => `landfall_parent.${quote(name)} = ${row(hop.columns[k] ?? '')}`)
    const found = `SELECT FROM ${quoteTable(nameOf(hop))} AS landfall_parent WHERE ${same.join(' AND ')} OFFSET 0`
    return `EXISTS (SELECT${from} WHERE ${named} AND NOT EXISTS (${found}))`
  })
  const every = { key: `'{}'`, scope: `'${EVERY_SCOPE}'`, operation: LOG_OPERATIONS.truncated }
  return `
  IF pg_trigger_depth() = 1 AND (${[...new Set(orphans)].join(' OR ')}) THEN
    ${logRow(captured, every)}
  END IF;`
}

const CHILD = 'landfall_child'

/** The path is walked by a LATERAL step a hop: a join's plan would be kept from the first statement to a much larger one. */
function holdHop({ hops }: ScopePath, last: number, sources: readonly RowSource[]): string {
  const [first] = hops
  const names = first.columns.map((_, i) => `landfall_${i}`)
  const children = sources.map(
    ({ row, from }) =>
      `SELECT DISTINCT ${first.columns.map((column, i) => `${row(column)} AS landfall_${i}`).join(', ')}${from}`,
  )
  const steps = hops.slice(0, last + 1).map((hop, i) => {
    const from =
      i === 0 ? names.map((name) => `${CHILD}.${name}`) : hop.columns.map(namedRow(`landfall_step_${i - 1}`))
    const alias = `landfall_held_${i}`
    const same = hop.key.map((name, k) => `${alias}.${quote(name)} = ${from[k] ?? 'NULL'}`)
    const next = hops[i + 1]?.columns ?? []
    const selected = i === last ? '' : next.map(namedRow(alias)).join(', ')
    return `
    CROSS JOIN LATERAL (
      SELECT ${selected} FROM ${quoteTable(nameOf(hop))} AS ${alias}
      WHERE ${same.join(' AND ')} ${i === last ? 'FOR KEY SHARE' : 'OFFSET 0'}
    ) AS landfall_step_${i}`
  })
  return `
  PERFORM count(*)
  FROM (
    ${children.join('\n    UNION ')}
    ORDER BY ${names.map((_, i) => i + 1).join(', ')}
  ) AS ${CHILD}(${names.join(', ')})${steps.join('')};`
}
