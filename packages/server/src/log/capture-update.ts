/**
 * The bodies of the triggers for UPDATE: a log row for each scope that a row stays in, enters or leaves.
 *
 * A statement's body pairs its old and new rows by their place: Postgres appends to both tables at once, so the nth of one
 * is the nth of the other. Should a pair ever be wrong, its keys differ, and it is logged as a deletion and an
 * insertion, as every change of a key is: devices still come out right. The rows are never joined by key, since the plan
 * that a session keeps from its first statement once cost 270 times as much in a larger one. A FULL JOIN leaves the
 * planner a hash or a merge, both good for one row and for millions.
 *
 * Measured against the row trigger that stood here before, whose WHEN clause named every column: 0.8 for 50,000 rows and for
 * one. An UPDATE that changes nothing costs more, since no clause can stand before a statement's rows: 1.4 times as much
 * for many rows (1.5 times a table without triggers), 1.3 times for one (3 us).
 */
import type { ManifestTable } from '@landfall/protocol'
import { quotePostgresLiteral as quote } from '@landfall/schema/internal'
import { type CapturedTable, guarded, logRow, OWN, readAuthor } from './capture-function.ts'
import { anyColumnDiffers, changedColumns, type RowPair } from './compare.ts'
import { namedRow, type RowOf } from '../sql/scope-sql.ts'
import { heldReading, markOrphans } from './hold-parents.ts'
import { keyTexts, scopeTexts } from './row-of.ts'
import { LOG_OPERATIONS } from './tables.ts'

const { inserted, updated, deleted, left } = LOG_OPERATIONS

/** The transition tables. */
export const OLD_ROWS = 'landfall_old_rows'
export const NEW_ROWS = 'landfall_new_rows'

const WAS = 'landfall_was'
const IS = 'landfall_is'
const PAIR = 'landfall_pair'
const PLACES = 'landfall_places'

/** For a row trigger. */
export function updatedRowBody(captured: CapturedTable): string {
  const values = pairValues(captured.table, { was: namedRow('OLD'), is: namedRow('NEW') })
  const assigned = values.map(({ variable, value }) => `${variable} := ${value};`)
  const reading = assigned.join('\n    ')
  const was = { row: namedRow('OLD'), from: '' }
  const sources = [was, { row: namedRow('NEW'), from: '' }]
  return `${guarded(captured, reading)}
  IF ${OWN.columns} = '{}' THEN
    RETURN NULL;
  END IF;${heldReading(captured.table, sources, reading)}${readAuthor(captured)}${markOrphans(captured, was)}${logPair(captured)}`
}

/** For a statement trigger: the first pair by itself, as in `capture-rows.ts`. */
export function updatedRowsBody(captured: CapturedTable): string {
  const values = pairValues(captured.table, { was: namedRow(WAS), is: namedRow(IS) })
  const first = `SELECT
      ${values.map(({ value }) => value).join(',\n      ')},
      EXISTS (SELECT FROM ${NEW_ROWS} OFFSET 1)
    INTO ${values.map(({ variable }) => variable).join(', ')}, ${OWN.many}
    FROM (SELECT * FROM ${OLD_ROWS} LIMIT 1) AS ${WAS}, (SELECT * FROM ${NEW_ROWS} LIMIT 1) AS ${IS};`
  const was = { row: namedRow(OLD_ROWS), from: ` FROM ${OLD_ROWS}` }
  const sources = [was, { row: namedRow(NEW_ROWS), from: ` FROM ${NEW_ROWS}` }]
  return `${guarded(captured, first)}
  IF ${OWN.many} IS NULL OR (NOT ${OWN.many} AND ${OWN.columns} = '{}') THEN
    RETURN NULL;
  END IF;${heldReading(captured.table, sources, first)}${readAuthor(captured)}${markOrphans(captured, was)}
  IF ${OWN.many} THEN
    ${logAllPairs(captured)}
    RETURN NULL;
  END IF;${logPair(captured)}`
}

type PairValue = { variable: string; value: string }

function pairValues(table: ManifestTable, pair: RowPair): PairValue[] {
  return [
    { variable: OWN.keyWas, value: keyTexts(table, pair.was) },
    { variable: OWN.key, value: keyTexts(table, pair.is) },
    { variable: OWN.scopesWere, value: `ARRAY[${scopeTexts(table, pair.was).join(', ')}]` },
    { variable: OWN.scopes, value: `ARRAY[${scopeTexts(table, pair.is).join(', ')}]` },
    { variable: OWN.columns, value: changedColumns(table, pair) },
  ]
}

/** Logs the pair that stands in the variables. */
function logPair(captured: CapturedTable): string {
  const { key, keyWas, columns } = OWN
  return captured.table.scopes
    .map((_, i) => {
      const [was, scope] = [`${OWN.scopesWere}[${i + 1}]`, `${OWN.scopes}[${i + 1}]`]
      return `
  IF ${keyWas} <> ${key} THEN
    IF ${was} IS NOT NULL THEN
    ${logRow(captured, { key: keyWas, scope: was, operation: deleted })}
    END IF;
    IF ${scope} IS NOT NULL THEN
    ${logRow(captured, { key, scope, operation: inserted })}
    END IF;
  ELSIF ${was} = ${scope} THEN
    ${logRow(captured, { key, scope, operation: updated, columns })}
  ELSE
    IF ${was} IS NOT NULL THEN
    ${logRow(captured, { key, scope: was, operation: left, columns })}
    END IF;
    IF ${scope} IS NOT NULL THEN
    ${logRow(captured, { key, scope, operation: inserted, columns })}
    END IF;
  END IF;`
    })
    .join('')
}

/** Columns are carried under names of our own: a column may be called like the place. */
function logAllPairs({ bookkeeping, table }: CapturedTable): string {
  const pair = { was: placedRow(table, WAS), is: placedRow(table, IS) }
  const scopes = table.scopes.map((_, i) => i)
  const before = scopeTexts(table, pair.was).map((text, i) => `${text} AS landfall_scope_was_${i}`)
  const after = scopeTexts(table, pair.is).map((text, i) => `${text} AS landfall_scope_${i}`)
  return `INSERT INTO ${bookkeeping.changes} (tbl, key, scope, op, columns, hlc, client)
    SELECT ${quote(table.name)}, ${PLACES}.landfall_key, ${PLACES}.landfall_scope, ${PLACES}.landfall_op,
      CASE WHEN ${PAIR}.landfall_key = ${PAIR}.landfall_key_was THEN ${PAIR}.landfall_columns END,
      ${OWN.stamp}, ${OWN.author}
    FROM (${numbered(table, OLD_ROWS)}) AS ${WAS}
    FULL JOIN (${numbered(table, NEW_ROWS)}) AS ${IS} ON ${WAS}.landfall_place = ${IS}.landfall_place
    CROSS JOIN LATERAL (
      SELECT ${keyTexts(table, pair.was)} AS landfall_key_was, ${keyTexts(table, pair.is)} AS landfall_key,
        ${[...before, ...after].join(', ')},
        ${changedColumns(table, pair)} AS landfall_columns
      OFFSET 0
    ) AS ${PAIR}
    CROSS JOIN LATERAL (VALUES
      ${scopes.flatMap(scopePlaces).join(',\n      ')}
    ) AS ${PLACES}(landfall_key, landfall_scope, landfall_op)
    WHERE ${PLACES}.landfall_scope IS NOT NULL AND (${anyColumnDiffers(table, pair)});`
}

function numbered(table: ManifestTable, rows: string): string {
  const row = namedRow('landfall_row')
  const columns = table.columns.map(({ name }, i) => `${row(name)} AS landfall_column_${i}`)
  return `SELECT row_number() OVER () AS landfall_place, ${columns.join(', ')} FROM ${rows} AS landfall_row`
}

/** The row of a numbered transition table. */
function placedRow(table: ManifestTable, alias: string): RowOf {
  return (name) => `${alias}.landfall_column_${table.columns.findIndex((column) => column.name === name)}`
}

/** What the pair means for one scope: what it leaves, and what it is in. */
function scopePlaces(i: number): string[] {
  const [was, is] = [`${PAIR}.landfall_scope_was_${i}`, `${PAIR}.landfall_scope_${i}`]
  const rekeyed = `${PAIR}.landfall_key_was <> ${PAIR}.landfall_key`
  const differs = `${rekeyed} OR ${was} IS DISTINCT FROM ${is}`
  return [
    `(${PAIR}.landfall_key_was, CASE WHEN ${differs} THEN ${was} END, CASE WHEN ${rekeyed} THEN '${deleted}' ELSE '${left}' END::"char")`,
    `(${PAIR}.landfall_key, ${is}, CASE WHEN ${differs} THEN '${inserted}' ELSE '${updated}' END::"char")`,
  ]
}
