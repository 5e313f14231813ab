/**
 * releaseSync: lets go of tables, or of a whole app, as migrateSync never does (P17.4).
 *
 * Each table's triggers go in a transaction of its own, since dropping one waits for the table's writers and must not
 * hold the locks of other tables meanwhile; the functions follow, and the bookkeeping at the end. What the host has built
 * upon the bookkeeping is never dropped with it: Postgres says what depends on what, and the error names it. Servers of
 * the app that still run fail from then on with `server_misconfigured`. Other bookkeeping schemas are not touched.
 */
import { LandfallError } from '@landfall/protocol'
import { quoteIdentifier } from '@landfall/schema/internal'
import type { Database, TransactionOptions, Tx } from '../database/database.ts'
import { type Bookkeeping, bookkeepingIn } from '../log/bookkeeping.ts'
import { explained } from './explained.ts'
import { bookkeepingObjects } from './make-bookkeeping.ts'
import { lockMigration } from './migrate.ts'
import { dropTrigger, lockTable, type OwnTrigger, ownTriggers } from './own-triggers.ts'

const WRITE: TransactionOptions = { isolation: 'read committed', readOnly: false }

/** What to let go of. */
export type ReleaseOptions = {
  /** The bookkeeping schema: `landfall` unless told. */
  schema?: string
  /** Postgres names of synced tables, `name` or `schema.name`. Without it all of them, and the bookkeeping itself. */
  tables?: readonly string[]
}

/** What `releaseSync` has let go of. */
export type ReleaseReport = {
  /** Tables that are not captured any more. */
  released: string[]
  /** Whether the bookkeeping schema is gone. One that another role owns, or that holds more, stays, empty of ours. */
  dropped: boolean
}

/**
 * Takes capture off tables: its triggers and functions, and without `tables` the whole bookkeeping schema. The tables
 * and their rows stay as they are. Run again it changes nothing.
 *
 * Throws `schema_invalid` for a bookkeeping schema's name, `not_found` for a table that is not captured, and
 * `database_invalid` where a right is missing or something of the host's depends on the bookkeeping.
 */
export async function releaseSync(
  database: Database,
  { schema, tables }: ReleaseOptions = {},
): Promise<ReleaseReport> {
  const bookkeeping = bookkeepingIn(schema)
  try {
    return await release(database, bookkeeping, tables ?? null)
  } catch (error) {
    throw explained(error)
  }
}

async function release(
  database: Database,
  bookkeeping: Bookkeeping,
  tables: readonly string[] | null,
): Promise<ReleaseReport> {
  const captured = await database.transaction(WRITE, (tx) => readCaptured(tx, bookkeeping))
  const chosen = tables === null ? captured : tables.map((name) => findTable(captured, name))
  for (const table of chosen) await database.transaction(WRITE, (tx) => releaseTable(tx, bookkeeping, table))
  const released = chosen.map(({ name }) => name)
  if (tables !== null) return { released, dropped: false }
  return { released, dropped: await database.transaction(WRITE, (tx) => releaseAll(tx, bookkeeping)) }
}

type Captured = { name: string; relation: string }

async function readCaptured(tx: Tx, { captures }: Bookkeeping): Promise<Captured[]> {
  const [found] = await tx.query('SELECT to_regclass($1)::text AS relation', [captures])
  if ((found?.['relation'] ?? null) === null) return []
  const rows = await tx.query(`SELECT tbl, relation FROM ${captures} ORDER BY tbl`)
  return rows.map((row) => ({ name: row['tbl'] ?? '', relation: row['relation'] ?? '' }))
}

function findTable(captured: readonly Captured[], name: string): Captured {
  const found = captured.find(
    (table) => table.name === name || table.relation === name.split('.').map(quoteIdentifier).join('.'),
  )
  if (!found) throw new LandfallError('not_found', { id: name })
  return found
}

async function releaseTable(tx: Tx, bookkeeping: Bookkeeping, { name, relation }: Captured): Promise<void> {
  await lockMigration(tx, bookkeeping)
  const triggers = await ownTriggers(tx, bookkeeping, [relation])
  if (triggers.length > 0) await lockTable(tx, relation, triggers)
  await dropTriggers(tx, bookkeeping, triggers)
  await tx.query(`DELETE FROM ${bookkeeping.captures} WHERE tbl = $1`, [name])
}

/** And the functions that no trigger calls any more. */
async function dropTriggers(tx: Tx, { schema }: Bookkeeping, triggers: readonly OwnTrigger[]): Promise<void> {
  for (const trigger of triggers) await tx.query(dropTrigger(trigger))
  const idle = await tx.query(
    `
    SELECT p.oid::regprocedure::text AS name
    FROM pg_proc p
    WHERE p.pronamespace = to_regnamespace(quote_ident($1)) AND p.prorettype = 'trigger'::regtype
      AND NOT EXISTS (SELECT FROM pg_trigger t WHERE t.tgfoid = p.oid)`,
    [schema],
  )
  for (const { name } of idle) await tx.query(`DROP FUNCTION ${name}`)
}

/** What is left: triggers on tables that `captures` did not name, all functions, the tables, the schema. */
async function releaseAll(tx: Tx, bookkeeping: Bookkeeping): Promise<boolean> {
  await lockMigration(tx, bookkeeping)
  await dropTriggers(tx, bookkeeping, await ownTriggers(tx, bookkeeping, null))
  const { schema } = bookkeeping
  for (const object of bookkeepingObjects(bookkeeping)) {
    const [kind, name] = object.split(' ')
    await tx.query(`DROP ${kind} IF EXISTS ${name}`)
  }
  await tx.query(`
    DO $$
    BEGIN
      DROP SCHEMA IF EXISTS ${quoteIdentifier(schema)};
    EXCEPTION WHEN insufficient_privilege OR dependent_objects_still_exist THEN
      NULL;
    END
    $$`)
  const [row] = await tx.query(`SELECT (to_regnamespace('${schema}') IS NULL)::text AS gone`)
  return row?.['gone'] === 'true'
}
