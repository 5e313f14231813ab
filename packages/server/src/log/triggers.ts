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
import { LOG_OPERATIONS } from './tables.ts'
import { anyColumnDiffers, columnDiffers } from './compare.ts'

export type CaptureSql = {
  functions: string[]
  /** For the table itself, in order. */
  triggers: string[]
  /** For every partition: row triggers are inherited, the TRUNCATE trigger is not. */
  partitionTriggers(relation: string): string[]
}

const OPERATIONS = ['insert', 'update', 'delete', 'truncate'] as const
type CapturedOperation = (typeof OPERATIONS)[number]

export const TRIGGER_NAMES = OPERATIONS.map((operation) => triggerName(operation))

const { inserted, updated, deleted, left, truncated } = LOG_OPERATIONS

/** `perRow`: for tables whose statement triggers would miss writes. */
export function captureSql(table: ManifestTable, perRow: boolean): CaptureSql {
  const rowsOf = (source: 'NEW' | 'OLD') => (perRow ? source : 'r')
  const bodies = {
    insert: wholeRows(table, inserted, rowsOf('NEW')),
    update: updatedRow(table),
    delete: wholeRows(table, deleted, rowsOf('OLD')),
    truncate: emptied(table),
  }
  const times = {
    insert: `AFTER INSERT ON %s ${each(perRow, 'NEW')}`,
    update: `AFTER UPDATE ON %s FOR EACH ROW WHEN (\n    ${anyColumnDiffers(table.columns)})`,
    delete: `AFTER DELETE ON %s ${each(perRow, 'OLD')}`,
    truncate: 'AFTER TRUNCATE ON %s FOR EACH STATEMENT',
  }
  const create = (operation: CapturedOperation, relation: string) => {
    const calls = captureFunctionName(operation, table)
    return createTrigger(
      relation,
      triggerName(operation),
      `${times[operation]}\n  EXECUTE FUNCTION ${calls}()`,
    )
  }
  return {
    functions: OPERATIONS.map((operation) => captureFunction(table, operation, bodies[operation])),
    triggers: OPERATIONS.flatMap((operation) => create(operation, quoteTable(table))),
    partitionTriggers: (relation) => [
      ...TRIGGER_NAMES.slice(0, 3).map((name) => enableAlways(relation, name)),
      ...create('truncate', relation),
    ],
  }
}

function triggerName(operation: CapturedOperation): string {
  return `landfall_${operation}`
}

function captureFunctionName(operation: CapturedOperation, table: ManifestTable): string {
  return `landfall.${quoteIdentifier(functionName(operation, table.name))}`
}

/** Postgres cuts names at 63 bytes; a long one keeps its beginning and gets a digest of the whole. */
export function functionName(operation: string, table: string): string {
  const name = `capture_${operation}_${table}`
  if (Buffer.byteLength(name) <= 63) return name
  let digest = 0x811c9dc5
  for (const byte of Buffer.from(table)) digest = Math.imul(digest ^ byte, 0x01000193) >>> 0
  return `${name.slice(0, 30)}_${digest.toString(16)}`
}

function each(perRow: boolean, rows: 'NEW' | 'OLD'): string {
  return perRow ? 'FOR EACH ROW' : `REFERENCING ${rows} TABLE AS captured FOR EACH STATEMENT`
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

function captureFunction(table: ManifestTable, operation: CapturedOperation, body: string): string {
  return `
CREATE OR REPLACE FUNCTION ${captureFunctionName(operation, table)}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp${printSettings(table)}
AS $capture$
DECLARE
  stamp  bigint := landfall.stamp();
  author text   := nullif(current_setting('landfall.client', true), '');
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

/** The scope keys of a row, null where it is in none: `('project:' || r."project_id"::text)`. */
function scopeKeys(table: ManifestTable, row: string): string[] {
  return table.scopes.map(({ scope, column }) => {
    const prefix = quote(`${scope}:`)
    return column === null ? `${prefix}::text` : `${prefix} || ${row}.${quoteIdentifier(column)}::text`
  })
}

function valuesList(expressions: string[]): string {
  return `(VALUES ${expressions.map((expression) => `(${expression})`).join(', ')})`
}

/** Logs whole rows: the statement's captured ones (`r`), or the one row of a row trigger (NEW, OLD). */
function wholeRows(table: ManifestTable, operation: string, row: 'r' | 'NEW' | 'OLD'): string {
  const scopes = `${valuesList(scopeKeys(table, row))} AS s(scope)`
  return `
  INSERT INTO landfall.changes (tbl, key, scope, op, hlc, client)
  SELECT ${quote(table.name)}, ${keyArray(table, row)}, s.scope, '${operation}', stamp, author
  FROM ${row === 'r' ? `captured AS r CROSS JOIN LATERAL ${scopes}` : scopes}
  WHERE s.scope IS NOT NULL;`
}

function emptied(table: ManifestTable): string {
  return `
  INSERT INTO landfall.changes (tbl, key, scope, op, hlc, client)
  VALUES (${quote(table.name)}, '{}', '${EVERY_SCOPE}', '${truncated}', stamp, author);`
}

function updatedRow(table: ManifestTable): string {
  const byName = new Map(table.columns.map((column) => [column.name, column]))
  const differs = (names: readonly (string | null)[]) =>
    names
      .flatMap((name) => byName.get(name ?? '') ?? [])
      .map(columnDiffers)
      .join(' OR ') || 'false'
  const changed = table.columns.map((c) => `CASE WHEN ${columnDiffers(c)} THEN ${quote(c.name)} END`)
  return `
  IF ${differs(table.key)} THEN
    ${wholeRows(table, deleted, 'OLD').trim()}
    ${wholeRows(table, inserted, 'NEW').trim()}
    RETURN NULL;
  END IF;

  INSERT INTO landfall.changes (tbl, key, scope, op, columns, hlc, client)
  SELECT ${quote(table.name)}, ${keyArray(table, 'NEW')}, s.scope, s.op,
    array_remove(ARRAY[
      ${changed.join(',\n      ')}]::text[], NULL),
    stamp, author
  FROM (${scopesAfterUpdate(table)}) AS s(scope, op)
  WHERE s.scope IS NOT NULL;`
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
