/**
 * The capture triggers of one table, as SQL text (P6.2).
 *
 * A log row per changed row and scope. INSERT and DELETE are captured per statement from transition tables, which is
 * cheapest; on partitioned tables per row, since a write straight to a partition fires no statement trigger of the
 * parent, and so on tables fed by logical replication, whose workers fire row triggers only. UPDATE is captured per row, and only where a synced column differs: a statement trigger that joined old and
 * new rows would keep the plan of its first call. A key change is a deletion and an insertion. The functions run with
 * their owner's rights, so that any role may write the table, and the triggers fire always, also for
 * `session_replication_role = replica`. Rows in no scope leave no trace.
 */
import { EVERY_SCOPE, type ManifestTable } from '@landfall/protocol'
import { quoteIdentifier, quotePostgresLiteral as quote, quoteTable } from '@landfall/schema'
import type { Bookkeeping } from './bookkeeping.ts'
import {
  CAPTURED_OPERATIONS,
  type CapturedOperation,
  captureFunctionName,
  triggerName,
  triggerNames,
} from './capture-names.ts'
import { LOG_OPERATIONS } from './tables.ts'
import { anyColumnDiffers, columnDiffers } from './compare.ts'

export type CaptureSql = {
  functions: string[]
  /** For the table itself, in order. */
  triggers: string[]
  /** For every partition: row triggers are inherited, the TRUNCATE trigger is not. */
  partitionTriggers(relation: string): string[]
}

const { inserted, updated, deleted, left, truncated } = LOG_OPERATIONS

/** A table as one app captures it. */
export type CapturedTable = {
  bookkeeping: Bookkeeping
  table: ManifestTable
  /** Its statement triggers would miss writes. */
  perRow: boolean
}

export function captureSql(captured: CapturedTable): CaptureSql {
  const { bookkeeping, table, perRow } = captured
  const rowsOf = (source: 'NEW' | 'OLD') => (perRow ? source : ROW)
  const bodies = {
    insert: wholeRows(captured, inserted, rowsOf('NEW')),
    update: updatedRow(captured),
    delete: wholeRows(captured, deleted, rowsOf('OLD')),
    truncate: emptied(captured),
  }
  const times = {
    insert: `AFTER INSERT ON %s ${each(perRow, 'NEW')}`,
    update: `AFTER UPDATE ON %s FOR EACH ROW WHEN (\n    ${anyColumnDiffers(table.columns)})`,
    delete: `AFTER DELETE ON %s ${each(perRow, 'OLD')}`,
    truncate: 'AFTER TRUNCATE ON %s FOR EACH STATEMENT',
  }
  const create = (operation: CapturedOperation, relation: string) => {
    const calls = captureFunctionName(bookkeeping, operation, table)
    return createTrigger(
      relation,
      triggerName(bookkeeping, operation),
      `${times[operation]}\n  EXECUTE FUNCTION ${calls}()`,
    )
  }
  return {
    functions: CAPTURED_OPERATIONS.map((operation) =>
      captureFunction(captured, operation, bodies[operation]),
    ),
    triggers: CAPTURED_OPERATIONS.flatMap((operation) => create(operation, quoteTable(table))),
    partitionTriggers: (relation) => [
      ...triggerNames(bookkeeping)
        .slice(0, 3)
        .map((name) => enableAlways(relation, name)),
      ...create('truncate', relation),
    ],
  }
}

/**
 * Names of the bodies' own. A column of the table may have any name: the prefix makes a clash unlikely, and where one
 * happens all the same, every column is qualified and `use_variable` says what a bare name means.
 */
const STAMP = 'landfall_stamp'
const AUTHOR = 'landfall_author'
const ROWS = 'landfall_rows'
const ROW = 'landfall_row'
const PLACES = 'landfall_places'

function each(perRow: boolean, rows: 'NEW' | 'OLD'): string {
  return perRow ? 'FOR EACH ROW' : `REFERENCING ${rows} TABLE AS ${ROWS} FOR EACH STATEMENT`
}

function createTrigger(relation: string, name: string, definition: string): string[] {
  return [
    `DROP TRIGGER IF EXISTS ${name} ON ${relation}`,
    `CREATE TRIGGER ${name} ${definition.replace('%s', () => relation)}`,
    enableAlways(relation, name),
  ]
}

function enableAlways(relation: string, name: string): string {
  return `ALTER TABLE ${relation} ENABLE ALWAYS TRIGGER ${name}`
}

function captureFunction(captured: CapturedTable, operation: CapturedOperation, body: string): string {
  const { bookkeeping, table } = captured
  return `
CREATE OR REPLACE FUNCTION ${captureFunctionName(bookkeeping, operation, table)}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp${printSettings(table)}
AS $capture$
#variable_conflict use_variable
DECLARE
  ${STAMP}  bigint := ${bookkeeping.named('stamp')}();
  ${AUTHOR} text   := nullif(current_setting('${bookkeeping.settings.client}', true), '');
BEGIN
${body}
  RETURN NULL;
END
$capture$`
}

/** Kinds whose text depends on the writer's session settings. */
const SETTING_DEPENDENT = new Set([
  'date',
  'timestamp',
  'timestamptz',
  'interval',
  'bytea',
  'float4',
  'float8',
])

/** Keys and scopes are logged as text: where a writer's settings could change it, they are pinned, at some cost. */
function printSettings(table: ManifestTable): string {
  const named = new Set([...table.key, ...table.scopes.map((scope) => scope.column)])
  const depends = table.columns.some(
    (column) => named.has(column.name) && SETTING_DEPENDENT.has(column.type.kind),
  )
  if (!depends) return ''
  return `
SET timezone = 'UTC' SET datestyle = 'ISO, MDY' SET intervalstyle = 'postgres'
SET bytea_output = 'hex' SET extra_float_digits = 1`
}

function keyArray(table: ManifestTable, row: string): string {
  return `ARRAY[${table.key.map((name) => `${row}.${quoteIdentifier(name)}::text`).join(', ')}]`
}

/** The scope keys of a row, null where it is in none: `('project:' || landfall_row."project_id"::text)`. */
function scopeKeys(table: ManifestTable, row: string): string[] {
  return table.scopes.map(({ scope, column }) => {
    const prefix = quote(`${scope}:`)
    return column === null ? `${prefix}::text` : `${prefix} || ${row}.${quoteIdentifier(column)}::text`
  })
}

function valuesList(expressions: string[]): string {
  return `(VALUES ${expressions.map((expression) => `(${expression})`).join(', ')})`
}

/** Logs whole rows: the statement's (`landfall_row`), or the one row of a row trigger (NEW, OLD). */
function wholeRows(
  { bookkeeping, table }: CapturedTable,
  operation: string,
  row: typeof ROW | 'NEW' | 'OLD',
): string {
  const scopes = `${valuesList(scopeKeys(table, row))} AS ${PLACES}(landfall_scope)`
  return `
  INSERT INTO ${bookkeeping.changes} (tbl, key, scope, op, hlc, client)
  SELECT ${quote(table.name)}, ${keyArray(table, row)}, ${PLACES}.landfall_scope, '${operation}', ${STAMP}, ${AUTHOR}
  FROM ${row === ROW ? `${ROWS} AS ${ROW} CROSS JOIN LATERAL ${scopes}` : scopes}
  WHERE ${PLACES}.landfall_scope IS NOT NULL;`
}

function emptied({ bookkeeping, table }: CapturedTable): string {
  return `
  INSERT INTO ${bookkeeping.changes} (tbl, key, scope, op, hlc, client)
  VALUES (${quote(table.name)}, '{}', '${EVERY_SCOPE}', '${truncated}', ${STAMP}, ${AUTHOR});`
}

function updatedRow(captured: CapturedTable): string {
  const { bookkeeping, table } = captured
  const byName = new Map(table.columns.map((column) => [column.name, column]))
  const differs = (names: readonly (string | null)[]) =>
    names
      .flatMap((name) => byName.get(name ?? '') ?? [])
      .map(columnDiffers)
      .join(' OR ') || 'false'
  const changed = table.columns.map((c) => `CASE WHEN ${columnDiffers(c)} THEN ${quote(c.name)} END`)
  return `
  IF ${differs(table.key)} THEN
    ${wholeRows(captured, deleted, 'OLD').trim()}
    ${wholeRows(captured, inserted, 'NEW').trim()}
    RETURN NULL;
  END IF;

  INSERT INTO ${bookkeeping.changes} (tbl, key, scope, op, columns, hlc, client)
  SELECT ${quote(table.name)}, ${keyArray(table, 'NEW')}, ${PLACES}.landfall_scope, ${PLACES}.landfall_op,
    array_remove(ARRAY[
      ${changed.join(',\n      ')}]::text[], NULL),
    ${STAMP}, ${AUTHOR}
  FROM (${scopesAfterUpdate(table)}) AS ${PLACES}(landfall_scope, landfall_op)
  WHERE ${PLACES}.landfall_scope IS NOT NULL;`
}

/** Each scope the row stays in, enters or leaves, with the operation that says so. */
function scopesAfterUpdate(table: ManifestTable): string {
  const before = scopeKeys(table, 'OLD')
  const after = scopeKeys(table, 'NEW')
  const rows = table.scopes.flatMap(({ column }, i) => {
    const [was, is] = [before[i] ?? 'NULL', after[i] ?? 'NULL']
    if (column === null) return [`(${is}, '${updated}'::"char")`]
    const moved = `(${was}) IS DISTINCT FROM (${is})`
    return [
      `(${is}, CASE WHEN ${moved} THEN '${inserted}' ELSE '${updated}' END::"char")`,
      `(CASE WHEN ${moved} THEN ${was} END, '${left}'::"char")`,
    ]
  })
  return `VALUES ${rows.join(',\n    ')}`
}
