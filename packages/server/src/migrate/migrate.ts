/**
 * migrateSync: puts the bookkeeping and the capture triggers in place; running it again changes nothing.
 *
 * It lets go of nothing: a table that this version of the app does not know may be another version's (`manifests.ts`), and
 * an older version leaves what is captured as it is. `releaseSync` lets go.
 *
 * First everything is checked, then the bookkeeping is made, then each table gets its triggers in a transaction of its
 * own, because CREATE TRIGGER waits for the table's writers and must not hold the locks of other tables meanwhile.
 * From a trigger's commit on, every write to its table is in the log. Rows that exist need nothing: clients load them
 * from the tables themselves. Two processes that migrate at once wait for each other.
 */
import { EVERY_SCOPE, type ManifestTable, type Randomness } from '@landfall/protocol'
import type { SyncDefinition } from '@landfall/schema'
import { quoteTable } from '@landfall/schema/internal'
import { systemRandomness } from '../platform.ts'
import { explained } from './explained.ts'
import { dropTrigger, lockTable, ownTriggers } from './own-triggers.ts'
import type { Database, TransactionOptions, Tx } from '../database/database.ts'
import { recordHistory } from '../log/history.ts'
import { ADVISORY_LOCK, type Bookkeeping, bookkeepingIn } from '../log/bookkeeping.ts'
import { triggerNames } from '../log/capture-names.ts'
import { LOG_OPERATIONS } from '../log/tables.ts'
import { type CheckedTables, checkServer, checkTables, fitToLive, type LiveTable } from './check.ts'
import type { DatabaseProblem } from './obstacles.ts'
import { makeBookkeeping } from './make-bookkeeping.ts'
import { type AppVersion, capturedTable, readVersions, recordVersion } from './manifests.ts'
import { captureSql } from '../log/triggers.ts'

const WRITE: TransactionOptions = { isolation: 'read committed', readOnly: false }

/** Where the bookkeeping is kept. */
export type MigrationOptions = {
  /** The bookkeeping schema: `landfall` unless told. Each of two apps in one database has its own. */
  schema?: string
  /** Makes this version the newest, after the app was rolled back to it. */
  activate?: boolean
  /** For simulations; the machine's unless told. @internal */
  randomness?: Randomness
}

/** What `migrateSync` has changed: nothing, when it has run before. */
export type MigrationReport = {
  /** Tables whose triggers were made or replaced. */
  captured: string[]
  /** Tables that are captured for other versions of the app; `releaseSync` lets go of them. */
  others: string[]
  /** What works, and will be slow or fail for some; each with its cure. */
  warnings: DatabaseProblem[]
}

/**
 * Puts the change log's schema and the capture triggers in place. Run it at each start of the server, before
 * `createSyncServer`, or after each migration: run again it changes nothing, and two at once wait for each other.
 *
 * Throws `schema_invalid` for a bookkeeping schema's name, `bookkeeping_taken` where it is another app's, and
 * `database_invalid` with every problem and its cure before it has changed anything; `server_busy` when a long
 * transaction holds a table for more than the lock's time-out.
 */
export async function migrateSync(
  database: Database,
  sync: Pick<SyncDefinition, 'manifest' | 'name'>,
  { schema, activate = false, randomness = systemRandomness }: MigrationOptions = {},
): Promise<MigrationReport> {
  try {
    const migration = { database, bookkeeping: bookkeepingIn(schema), app: sync, activate }
    return await migrate(migration, randomness)
  } catch (error) {
    throw explained(error)
  }
}

type Migration = { database: Database; bookkeeping: Bookkeeping; app: AppVersion; activate: boolean }

async function migrate(migration: Migration, randomness: Randomness): Promise<MigrationReport> {
  const { database, bookkeeping } = migration
  const { tables, warnings } = await database.transaction(WRITE, (tx) => prepare(tx, migration))
  const captured: string[] = []
  for (const live of tables) {
    if (await database.transaction(WRITE, (tx) => captureTable(tx, migration, live)))
      captured.push(live.table.name)
  }
  const others = await database.transaction(WRITE, (tx) => readOthers(tx, migration))
  await recordHistory(database, bookkeeping, randomness)
  return { captured, others, warnings }
}

/** Checks everything, makes the bookkeeping and records the version. Answers its tables. */
async function prepare(tx: Tx, { bookkeeping, app, activate }: Migration): Promise<CheckedTables> {
  await checkServer(tx)
  const checked = await checkTables(tx, app.manifest)
  await lockMigration(tx, bookkeeping)
  await makeBookkeeping(tx, bookkeeping)
  await recordVersion(tx, bookkeeping, { app, activate })
  return checked
}

export async function lockMigration(tx: Tx, { locks }: Bookkeeping): Promise<void> {
  await tx.query(ADVISORY_LOCK, [locks.migration])
}

/** Captured tables that the app's version does not name. A row whose table was dropped goes. */
async function readOthers(tx: Tx, { bookkeeping, app }: Migration): Promise<string[]> {
  const { captures } = bookkeeping
  const own = app.manifest.tables.map(({ name }) => name)
  await lockMigration(tx, bookkeeping)
  await tx.query(`DELETE FROM ${captures} WHERE tbl <> ALL ($1::text[]) AND to_regclass(relation) IS NULL`, [
    own,
  ])
  const rows = await tx.query(`SELECT tbl FROM ${captures} WHERE tbl <> ALL ($1::text[]) ORDER BY tbl`, [own])
  return rows.map((row) => row['tbl'] ?? '')
}

/** Whether there was anything to do. */
async function captureTable(
  tx: Tx,
  { bookkeeping, app }: Migration,
  { table: own, perRow, partitions }: LiveTable,
): Promise<boolean> {
  await lockMigration(tx, bookkeeping)
  // Read anew: a newer version may have been recorded since the check.
  const versions = await readVersions(tx, bookkeeping)
  const table = await fitToLive(tx, capturedTable(own, versions))
  const sql = captureSql({ bookkeeping, table, perRow })
  const relation = quoteTable(table)
  const onPartitions = partitions.flatMap((partition) => sql.partitionTriggers(partition))
  const statements = [...sql.functions, ...sql.triggers, ...onPartitions]
  const text = statements.join(';\n')
  const relations = [relation, ...partitions]
  const definition = definitionOf(table, { perRow, relations })
  const state = await readCapture(tx, bookkeeping, { table: table.name, text, definition, relations })
  // The newest version may be of a newer Landfall: what it has put in place is as good, whatever its text.
  const isNewest = versions[0]?.hash === app.manifest.hash
  const same = isNewest ? state.same : state.defined
  if (same && state.present && !state.failed) return false
  const former = await ownTriggers(tx, bookkeeping, relations)
  await lockTable(tx, relation, former)
  for (const statement of [...former.map(dropTrigger), ...statements]) await tx.query(statement)
  if (state.known && !(state.present && !state.failed)) await markMended(tx, bookkeeping, table.name)
  await tx.query(
    `
    INSERT INTO ${bookkeeping.captures} (tbl, relation, digest, definition, mended)
    VALUES ($1, $2, md5($3), md5($4), pg_current_snapshot())
    ON CONFLICT (tbl) DO UPDATE SET
      relation = excluded.relation, digest = excluded.digest, definition = excluded.definition,
      mended = excluded.mended`,
    [table.name, relation, text, definition],
  )
  return true
}

/** What is captured of a table, apart from how. */
function definitionOf(
  { key, columns, scopes }: ManifestTable,
  { perRow, relations }: { perRow: boolean; relations: string[] },
): string {
  const typed = columns.map(({ name, type }) => [name, type.sql])
  return JSON.stringify([key, typed, scopes.map(({ scope, column }) => [scope, column]), perRow, relations])
}

type Capture = { table: string; text: string; definition: string; relations: string[] }

type CaptureState = {
  /** The table was captured before. */
  known: boolean
  /** By the same SQL. */
  same: boolean
  /** The same columns and scopes, whatever the SQL. */
  defined: boolean
  /** The triggers are there and fire always, on the table and its partitions. */
  present: boolean
  /** A write was not captured since: an old session may hold a function's old plan, so that its text must be made anew. */
  failed: boolean
}

async function readCapture(
  tx: Tx,
  bookkeeping: Bookkeeping,
  { table, text, definition, relations }: Capture,
): Promise<CaptureState> {
  const { captures, changes } = bookkeeping
  const [row] = await tx.query(
    `
    SELECT
      (c.tbl IS NOT NULL)::text                    AS known,
      (c.digest IS NOT DISTINCT FROM md5($2))::text AS same,
      (c.definition IS NOT DISTINCT FROM md5($5))::text AS defined,
      ((SELECT count(*) FROM pg_trigger
        WHERE tgrelid = ANY ($3::regclass[]) AND tgname = ANY ($4::name[]) AND tgenabled = 'A')
       = cardinality($3::text[]) * cardinality($4::text[]))::text AS present,
      EXISTS (
        SELECT FROM ${changes} f
        WHERE f.scope = '${EVERY_SCOPE}' AND f.op = '${LOG_OPERATIONS.failed}' AND f.tbl = c.tbl
          AND (c.mended IS NULL OR NOT pg_visible_in_snapshot(f.xid, c.mended))
      )::text AS failed
    FROM (SELECT $1::text AS name) AS asked
    LEFT JOIN ${captures} c ON c.tbl = asked.name`,
    [table, text, relations, triggerNames(bookkeeping), definition],
  )
  const is = (name: string) => row?.[name] === 'true'
  return {
    known: is('known'),
    same: is('same'),
    defined: is('defined'),
    present: is('present'),
    failed: is('failed'),
  }
}

/** What was not captured ends here: the mark is of the transaction from which on everything is, the triggers' own. */
async function markMended(tx: Tx, { changes, named }: Bookkeeping, table: string): Promise<void> {
  await tx.query(
    `
    INSERT INTO ${changes} (tbl, key, scope, op, hlc)
    VALUES ($1, '{}', '${EVERY_SCOPE}', '${LOG_OPERATIONS.mended}', ${named('stamp')}())`,
    [table],
  )
}
