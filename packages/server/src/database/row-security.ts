/**
 * Tables whose rows a policy hides from the role that is connected (P17.5).
 *
 * A row that the server does not see looks like one that was deleted, or never was: devices would be ready and empty. So
 * reading transactions run with `row_security = off`, which turns hiding into an error (`adapters/settings.ts`), and a
 * table with an active policy is refused by name. Pushes keep the setting as it is, since it reaches the host's own
 * triggers.
 */
import { quoteTable } from '@landfall/schema/internal'
import type { Tx } from './database.ts'

export type HiddenTable = { table: string; problem: string; cure: string }

/** Those of the tables with a policy that is active for the role. Missing ones are left out. */
export async function readHiddenTables(
  tx: Tx,
  tables: readonly { schema: string; name: string }[],
): Promise<HiddenTable[]> {
  const distinct = [...new Map(tables.map((table) => [quoteTable(table), table])).values()]
  const rows = await tx.query(
    `
    SELECT w.place::text AS place, current_user::text AS role,
      (c.relforcerowsecurity AND pg_has_role(c.relowner, 'USAGE'))::text AS forced
    FROM json_to_recordset($1::json) AS w(place int, schema text, name text)
    JOIN pg_namespace n ON n.nspname = w.schema
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
    WHERE row_security_active(c.oid)
    ORDER BY w.place`,
    [JSON.stringify(distinct.map(({ schema, name }, place) => ({ place, schema, name })))],
  )
  return rows.flatMap(({ place, role, forced }) => {
    const table = distinct[Number(place)]
    if (table === undefined) return []
    const other = forced === 'true' ? 'take FORCE ROW LEVEL SECURITY from the table' : 'connect as its owner'
    return [
      {
        table: quoteTable(table),
        problem: `Row-level security hides rows of ${quoteTable(table)} from the role ${role}: what the server does not see would be deleted on devices.`,
        cure: `ALTER ROLE ${role} BYPASSRLS, or ${other}; who may see what is for \`holders\` to say.`,
      },
    ]
  })
}
