/**
 * What a transaction has done to the synced rows, recorded by triggers of our own: where transactions overlap, rows read
 * before and after one of them would show the others' work, too.
 *
 * The triggers write into a table without constraints that nobody waits for; what a savepoint undoes is undone there,
 * too. They know nothing of TRUNCATE, which the work on this environment does not do.
 */
import type { ManifestTable, WireRow } from '@landfall/protocol'
import { quoteIdentifier, quoteTable } from '@landfall/schema/internal'
import type { Tx } from '@landfall/server'
import { keyOf, type RowSet } from '../checks/truth.ts'

export const AUDIT_DDL = `
  CREATE TABLE IF NOT EXISTS simulation.audit (
    xid xid8   NOT NULL DEFAULT pg_current_xact_id(),
    seq bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    tbl text   NOT NULL,
    was text[],
    now text[]
  );
  CREATE INDEX IF NOT EXISTS audit_xid ON simulation.audit (xid);`

/** Again after each change of a table's columns. */
export function auditSql(table: ManifestTable): string {
  const name = quoteIdentifier(`audit_${table.name}`)
  const row = (record: string): string =>
    `ARRAY[${table.columns.map((column) => `${record}.${quoteIdentifier(column.name)}::text`).join(', ')}]`
  return `
    CREATE OR REPLACE FUNCTION simulation.${name}() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $audit$
    BEGIN
      INSERT INTO simulation.audit (tbl, was, now) VALUES (
        TG_ARGV[0],
        CASE WHEN TG_OP <> 'INSERT' THEN ${row('OLD')} END,
        CASE WHEN TG_OP <> 'DELETE' THEN ${row('NEW')} END);
      RETURN NULL;
    END $audit$;
    CREATE OR REPLACE TRIGGER simulation_audit AFTER INSERT OR UPDATE OR DELETE ON ${quoteTable(table)}
      FOR EACH ROW EXECUTE FUNCTION simulation.${name}('${table.name.replaceAll("'", "''")}');
    ALTER TABLE ${quoteTable(table)} ENABLE ALWAYS TRIGGER simulation_audit;`
}

type Entry = [table: string, was: WireRow | null, now: WireRow | null]

/** The rows without what the transaction has done to them. */
export async function undoOwn(tx: Tx, after: RowSet): Promise<RowSet> {
  const [row] = await tx.query(`
    SELECT coalesce(json_agg(json_build_array(tbl, was, now) ORDER BY seq DESC), '[]')::text AS newest_first
    FROM simulation.audit
    WHERE xid = pg_current_xact_id_if_assigned()`)
  const entries = JSON.parse(row?.['newest_first'] ?? '[]') as Entry[]
  const before = new Map([...after].map(([name, { table, rows }]) => [name, { table, rows: new Map(rows) }]))
  for (const [name, was, now] of entries) {
    const known = before.get(name)
    if (known === undefined) continue
    if (now !== null) known.rows.delete(keyOf(known.table, now))
    if (was !== null) known.rows.set(keyOf(known.table, was), was)
  }
  return before
}
