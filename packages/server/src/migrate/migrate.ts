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
 *
 * A table whose capture is not as it was left is captured anew, and marked in that very transaction: it waits for all
 * who may have written unlogged, so whoever verifies after it sees what they wrote (`gaps/`).
 */
import { createHash } from 'node:crypto'
import type { ManifestTable, Randomness } from '@landfall/protocol'
import type { SyncDefinition } from '@landfall/schema'
import { quoteTable } from '@landfall/schema/internal'
import { systemRandomness } from '../platform.ts'
import { explained } from './explained.ts'
import { dropTrigger, lockTable, ownTriggers } from './own-triggers.ts'
import type { Database, TransactionOptions, Tx } from '../database/database.ts'
import { recordHistory } from '../log/history.ts'
import { ADVISORY_LOCK, type Bookkeeping, bookkeepingIn } from '../log/bookkeeping.ts'
import { readCapture, recordCapture } from '../gaps/capture-record.ts'
import { checkCaptures } from '../gaps/check-captures.ts'
import { mark } from '../gaps/marks.ts'
import type { Hanging } from '../log/capture-function.ts'
import { LOG_OPERATIONS } from '../log/tables.ts'
import {
  type CheckedTables,
  checkServer,
  checkTables,
  findPartitions,
  fitToLive,
  type LiveTable,
} from './check.ts'
import type { DatabaseProblem } from './obstacles.ts'
import { makeBookkeeping } from './make-bookkeeping.ts'
import { type AppVersion, capturedTable, hangingTables, readVersions, recordVersion } from './manifests.ts'
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
  const { database, bookkeeping, app } = migration
  const { tables, warnings } = await database.transaction(WRITE, (tx) => prepare(tx, migration))
  // What was rewritten, or switched off and on, needs no lock: only a mark.
  await checkCaptures({ database, bookkeeping, sync: app })
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
async function captureTable(tx: Tx, migration: Migration, live: LiveTable): Promise<boolean> {
  const { bookkeeping } = migration
  await lockMigration(tx, bookkeeping)
  const { table, isMade, relations } = await planCapture(tx, migration, live)
  const found = await readCapture(tx, bookkeeping, table.name)
  if (found.intact && isMade(found)) return false
  const former = await ownTriggers(tx, bookkeeping, relations)
  await lockTable(tx, quoteTable(table), former)
  // Nobody writes any more, nor attaches a partition: as it is now, it will be captured.
  const { intact } = await readCapture(tx, bookkeeping, table.name)
  const plan = await planCapture(tx, migration, live)
  for (const statement of [...former.map(dropTrigger), ...plan.statements]) await tx.query(statement)
  await recordCapture(tx, bookkeeping, plan)
  if (!intact) await mark(tx, bookkeeping, { table: table.name, operation: LOG_OPERATIONS.mended })
  return true
}

type CapturePlan = {
  table: ManifestTable
  statements: string[]
  /** Of the statements, and of what they capture, whatever they are. */
  digest: string
  definition: string
  /** The table and its partitions. */
  relations: string[]
  isMade(found: Pick<CapturePlan, 'digest' | 'definition'>): boolean
}

async function planCapture(tx: Tx, { bookkeeping, app }: Migration, live: LiveTable): Promise<CapturePlan> {
  // Read anew: a newer version may have been recorded since the check.
  const versions = await readVersions(tx, bookkeeping)
  const table = await fitToLive(tx, capturedTable(live.table, versions))
  const hanging = hangingTables(table, versions)
  const sql = captureSql({ bookkeeping, table, perRow: live.perRow, hanging })
  const partitions = live.partitioned ? await findPartitions(tx, table) : []
  const relations = [quoteTable(table), ...partitions]
  const onPartitions = partitions.flatMap((partition) => sql.partitionTriggers(partition))
  const statements = [...sql.functions, ...sql.triggers, ...onPartitions]
  const digest = md5(statements.join(';\n'))
  const definition = md5(definitionOf(table, { perRow: live.perRow, relations, hanging }))
  // The newest version may be of a newer Landfall: what it has put in place is as good, whatever its text.
  const isNewest = versions[0]?.hash === app.manifest.hash
  const isMade: CapturePlan['isMade'] = (found) =>
    isNewest ? found.digest === digest : found.definition === definition
  return { table, statements, digest, definition, relations, isMade }
}

const md5 = (text: string): string => createHash('md5').update(text).digest('hex')

/** What is captured of a table, apart from how. */
function definitionOf(
  { key, columns, scopes }: ManifestTable,
  { perRow, relations, hanging }: { perRow: boolean; relations: string[]; hanging: readonly Hanging[] },
): string {
  const typed = columns.map(({ name, type }) => [name, type.sql])
  const placed = scopes.map(({ scope, column, through }) => [scope, column, through])
  const below = hanging.map(({ table, scope, through }) => [
    table.schema,
    table.name,
    table.key,
    scope,
    through,
  ])
  return JSON.stringify([key, typed, placed, perRow, relations, below])
}
