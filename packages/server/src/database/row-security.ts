/**
 * Tables whose rows a policy hides from the role that is connected (P17.5).
 *
 * A row that the server does not see looks like one that was deleted, or never was: devices would be ready and empty. So
 * reading transactions run with `row_security = off`, which turns hiding into an error (`adapters/settings.ts`), and a
 * table with an active policy is refused by name. Pushes keep the setting as it is, since it reaches the host's own
 * triggers.
 */
import type { Tx } from './database.ts'

export type HiddenTable = { table: string; problem: string; cure: string }

/** Of the relations (quoted names) those with a policy that is active for the role. Missing ones are left out. */
export async function readHiddenTables(tx: Tx, relations: readonly string[]): Promise<HiddenTable[]> {
  const rows = await tx.query(
    `
    SELECT w.relation, current_user::text AS role, (c.relforcerowsecurity AND pg_has_role(c.relowner, 'USAGE'))::text AS forced
    FROM unnest($1::text[]) WITH ORDINALITY AS w(relation, place)
    JOIN pg_class c ON c.oid = to_regclass(w.relation)
    WHERE row_security_active(c.oid)
    ORDER BY w.place`,
    [relations],
  )
  return rows.map(({ relation, role, forced }) => ({
    table: relation ?? '',
    problem: `Row-level security hides its rows from the role ${role}, and what the server does not see would be deleted on devices.`,
    cure: `ALTER ROLE ${role} BYPASSRLS${forced === 'true' ? ', or take FORCE ROW LEVEL SECURITY from the table' : ', or connect as the owner of the table'}. Who may see what is the business of \`holders\`.`,
  }))
}
