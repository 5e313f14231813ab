/**
 * The frame of a capture function: runs with its owner's rights, fires no error at the writer (P17.2).
 *
 * What depends on the table's columns is read in a block that only reads, and what it raises is caught there: a column
 * renamed or dropped since (42703), a type that the plan of an older session does not fit (42804), a function that a
 * new type does not have (42883). The log is written after the block, so the writer's transaction gets no subtransaction
 * id. A failed read is marked in the log instead, once a transaction and table: a row of its own, for which nobody waits.
 */
import type { ManifestTable, ScopePath } from '@landfall/protocol'
import { quotePostgresLiteral as quote } from '@landfall/schema/internal'
import type { Bookkeeping } from './bookkeeping.ts'
import { type CapturedOperation, captureFunctionName, type ParentEvent } from './capture-names.ts'

/** A table as one app captures it. */
export type CapturedTable = {
  bookkeeping: Bookkeeping
  table: ManifestTable
  /** Its statement triggers would miss writes. */
  perRow: boolean
  /** Those whose rows are where a row of this table is. */
  hanging: readonly Hanging[]
}

/** A scope of another table that goes through this one: `place` is the hop that leads here. */
export type Hanging = { table: ManifestTable; scope: string; through: ScopePath; place: number }

/**
 * Names of the functions' own. A column may have any name, these too: so every column is qualified, and `use_variable`
 * says what a bare name means.
 */
export const OWN = {
  key: 'landfall_key',
  keyWas: 'landfall_key_was',
  scopes: 'landfall_scopes',
  scopesWere: 'landfall_scopes_were',
  columns: 'landfall_columns',
  many: 'landfall_many',
  stamp: 'landfall_stamp',
  author: 'landfall_author',
} as const

const VARIABLES = `
  ${OWN.key} text[];
  ${OWN.keyWas} text[];
  ${OWN.scopes} text[];
  ${OWN.scopesWere} text[];
  ${OWN.columns} text[];
  ${OWN.many} boolean;
  ${OWN.stamp} bigint;
  ${OWN.author} text;`

type FunctionName = CapturedOperation | ParentEvent

export function captureFunction(captured: CapturedTable, operation: FunctionName, body: string): string {
  const { bookkeeping, table } = captured
  const text = `
#variable_conflict use_variable
DECLARE${VARIABLES}
BEGIN
${body}
  RETURN NULL;
END
`
  const tag = dollarTag(text)
  return `
CREATE OR REPLACE FUNCTION ${captureFunctionName(bookkeeping, operation, table)}() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER
SET search_path = pg_catalog, pg_temp${printSettings(captured)}
AS ${tag}${text}${tag}`
}

/** A column's name may hold any text, and so the end of a quotation, too. */
function dollarTag(text: string): string {
  let name = 'landfall'
  while (text.includes(`$${name}$`)) name += '_'
  return `$${name}$`
}

/** Runs what depends on the columns; where that fails, marks it and leaves the function. */
export function guarded({ bookkeeping, table }: CapturedTable, reading: string): string {
  return `
  BEGIN
    ${reading}
  EXCEPTION WHEN OTHERS THEN
    PERFORM ${bookkeeping.named('mark_failed')}(${quote(table.name)}, SQLSTATE, SQLERRM);
    RETURN NULL;
  END;`
}

/** Whose change it is, and when: once the function knows that there is something to log. */
export function readAuthor({ bookkeeping }: CapturedTable): string {
  return `
  ${OWN.stamp} := ${bookkeeping.named('stamp')}();
  ${OWN.author} := nullif(current_setting('${bookkeeping.settings.client}', true), '');`
}

export type LogRow = { key: string; scope: string; operation: string; columns?: string }

/** Logs one row of the function's variables. */
export function logRow({ bookkeeping, table }: CapturedTable, row: LogRow): string {
  return `INSERT INTO ${bookkeeping.changes} (tbl, key, scope, op, columns, hlc, client)
    VALUES (${quote(table.name)}, ${row.key}, ${row.scope}, '${row.operation}', ${row.columns ?? 'NULL'}, ${OWN.stamp}, ${OWN.author});`
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
function printSettings({ table, hanging }: CapturedTable): string {
  const types = [table, ...hanging.map((each) => each.table)].flatMap(({ columns, key, scopes }) => {
    const named = new Set([...key, ...scopes.map((scope) => scope.column)])
    const own = columns.filter(({ name }) => named.has(name)).map(({ type }) => type)
    return [...own, ...scopes.flatMap(({ through }) => through?.type ?? [])]
  })
  const depends = types.some(({ kind }) => SETTING_DEPENDENT.has(kind))
  if (!depends) return ''
  return `
SET timezone = 'UTC' SET datestyle = 'ISO, MDY' SET intervalstyle = 'postgres'
SET bytea_output = 'hex' SET extra_float_digits = 1`
}
