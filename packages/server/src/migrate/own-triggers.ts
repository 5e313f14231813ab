/** The triggers that belong to one bookkeeping schema, found by the functions they call. */
import type { Tx } from '../database/database.ts'
import type { Bookkeeping } from '../log/bookkeeping.ts'

/** Both names are quoted where they need it. */
export type OwnTrigger = { name: string; relation: string }

/**
 * Every trigger that calls a function of the bookkeeping schema, whatever an earlier version called it; on these relations
 * and their partitions only, if some are given. Those that partitions inherit are left out: they go with their table's.
 */
export async function ownTriggers(
  tx: Tx,
  { schema }: Bookkeeping,
  relations: readonly string[] | null,
): Promise<OwnTrigger[]> {
  const rows = await tx.query(
    `
    SELECT quote_ident(t.tgname) AS name, t.tgrelid::regclass::text AS relation
    FROM pg_trigger t
    JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE ($1::text[] IS NULL OR t.tgrelid IN (
        SELECT to_regclass(r) FROM unnest($1::text[]) r
        UNION SELECT p.relid FROM unnest($1::text[]) r, pg_partition_tree(to_regclass(r)) p))
      AND p.pronamespace = to_regnamespace($2) AND t.tgparentid = 0`,
    [relations, schema],
  )
  return rows.map(({ name, relation }) => ({ name: name ?? '', relation: relation ?? '' }))
}

/**
 * The strongest lock first, on the parent before its partitions, as writers take theirs: a lock that grows, or one on a
 * partition before its parent, would be a deadlock with the host's own transactions. Dropping a trigger needs more than
 * making one, which lets readers go on.
 */
export async function lockTable(tx: Tx, relation: string, dropped: readonly OwnTrigger[]): Promise<void> {
  await tx.query(`LOCK TABLE ${relation} IN ${dropped.length > 0 ? 'ACCESS' : 'SHARE ROW'} EXCLUSIVE MODE`)
}

export function dropTrigger({ name, relation }: OwnTrigger): string {
  return `DROP TRIGGER ${name} ON ${relation}`
}
