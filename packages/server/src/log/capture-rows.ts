/**
 * The bodies of the triggers for INSERT, DELETE and TRUNCATE: each row whole, a log row per scope.
 *
 * A statement's body reads the first row by itself, into variables. Where there is no other (nearly always) the log takes
 * it from there; else one INSERT logs all rows at half the cost of one by one. The guard costs a row by itself about 15 %
 * (2 us), many rows nothing.
 */
import { EVERY_SCOPE } from '@landfall/protocol'
import { quotePostgresLiteral as quote } from '@landfall/schema/internal'
import { type CapturedTable, guarded, logRow, OWN, readAuthor } from './capture-function.ts'
import { namedRow } from '../sql/scope-sql.ts'
import { heldReading, markOrphans } from './hold-parents.ts'
import { keyTexts, scopeTexts } from './row-of.ts'
import { LOG_OPERATIONS } from './tables.ts'

/** The transition table of an INSERT or DELETE. */
export const ROWS = 'landfall_rows'
const ROW = 'landfall_row'
const PLACES = 'landfall_places'

/** For a row trigger: the row is NEW or OLD. */
export function wholeRowBody(captured: CapturedTable, row: 'NEW' | 'OLD', operation: string): string {
  const { table } = captured
  const of = namedRow(row)
  const reading = `${OWN.key} := ${keyTexts(table, of)};
    ${OWN.scopes} := ARRAY[${scopeTexts(table, of).join(', ')}];`
  const source = { row: of, from: '' }
  const held = heldReading(table, [source], reading)
  const orphans = operation === LOG_OPERATIONS.deleted ? markOrphans(captured, source) : ''
  return `${guarded(captured, reading)}${held}${readAuthor(captured)}${orphans}${logVariables(captured, operation)}`
}

/** For a statement trigger. */
export function wholeRowsBody(captured: CapturedTable, operation: string): string {
  const { table } = captured
  const of = namedRow(ROW)
  const reading = `SELECT ${keyTexts(table, of)}, ARRAY[${scopeTexts(table, of).join(', ')}], EXISTS (SELECT FROM ${ROWS} OFFSET 1)
    INTO ${OWN.key}, ${OWN.scopes}, ${OWN.many}
    FROM ${ROWS} AS ${ROW} LIMIT 1;`
  const source = { row: of, from: ` FROM ${ROWS} AS ${ROW}` }
  const held = heldReading(table, [source], reading)
  const orphans = operation === LOG_OPERATIONS.deleted ? markOrphans(captured, source) : ''
  return `${guarded(captured, reading)}
  IF ${OWN.many} IS NULL THEN
    RETURN NULL;
  END IF;${held}${readAuthor(captured)}${orphans}
  IF ${OWN.many} THEN
    ${logAll(captured, operation)}
    RETURN NULL;
  END IF;${logVariables(captured, operation)}`
}

function logVariables(captured: CapturedTable, operation: string): string {
  return captured.table.scopes
    .map((_, i) => {
      const scope = `${OWN.scopes}[${i + 1}]`
      return `
  IF ${scope} IS NOT NULL THEN
    ${logRow(captured, { key: OWN.key, scope, operation })}
  END IF;`
    })
    .join('')
}

function logAll({ bookkeeping, table }: CapturedTable, operation: string): string {
  const of = namedRow(ROW)
  const scopes = scopeTexts(table, of).map((text) => `(${text})`)
  return `INSERT INTO ${bookkeeping.changes} (tbl, key, scope, op, hlc, client)
    SELECT ${quote(table.name)}, ${keyTexts(table, of)}, ${PLACES}.landfall_scope, '${operation}', ${OWN.stamp}, ${OWN.author}
    FROM ${ROWS} AS ${ROW} CROSS JOIN LATERAL (VALUES ${scopes.join(', ')}) AS ${PLACES}(landfall_scope)
    WHERE ${PLACES}.landfall_scope IS NOT NULL;`
}

/** For a statement trigger: nobody has read which rows there were. */
export function truncateBody(captured: CapturedTable): string {
  const row = { key: `'{}'`, scope: `'${EVERY_SCOPE}'`, operation: LOG_OPERATIONS.truncated }
  // Rows that hung on one of these, at any distance, are in no scope any more.
  const tables = new Set([captured.table, ...captured.hanging.map(({ table }) => table)])
  const logged = [...tables].map((table) => `\n  ${logRow({ ...captured, table }, row)}`)
  return `${readAuthor(captured)}${logged.join('')}`
}
