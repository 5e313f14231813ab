/**
 * migrateSync: puts the bookkeeping and the capture triggers in place; running it again changes nothing.
 *
 * First everything is checked, then the bookkeeping is made, then each table gets its triggers in a transaction of its
 * own, because CREATE TRIGGER waits for the table's writers and must not hold the locks of other tables meanwhile.
 * From a trigger's commit on, every write to its table is in the log. Rows that exist need nothing: clients load them
 * from the tables themselves. Two processes that migrate at once wait for each other.
 */
import { LandfallError, type Manifest, type Randomness } from '@landfall/protocol'
import { quoteTable, type SyncDefinition } from '@landfall/schema'
import { systemRandomness } from '../platform.ts'
import { type Database, PostgresError, type TransactionOptions, type Tx } from '../database/database.ts'
import { recordHistory } from '../log/history.ts'
import { BOOKKEEPING_DDL } from '../log/tables.ts'
import { checkServer, checkTables, type LiveTable } from './check.ts'
import { captureSql, TRIGGER_NAMES } from '../log/triggers.ts'

const WRITE: TransactionOptions = { isolation: 'read committed', readOnly: false }

/** One migration at a time; the number means nothing elsewhere. */
const MIGRATION_LOCK = 7_420_113_021

export type MigrationReport = {
  /** Tables whose triggers were made or replaced. */
  captured: string[]
  /** Tables that are no longer synced; their triggers were dropped. */
  released: string[]
}

/** Idempotent. Throws `database_invalid` with every problem and its cure before it has changed anything. */
export async function migrateSync(
  database: Database,
  sync: Pick<SyncDefinition, 'manifest'>,
  { randomness = systemRandomness }: { randomness?: Randomness } = {},
): Promise<MigrationReport> {
  try {
    return await migrate(database, sync.manifest, randomness)
  } catch (error) {
    throw explained(error)
  }
}

async function migrate(
  database: Database,
  manifest: Manifest,
  randomness: Randomness,
): Promise<MigrationReport> {
  const tables = await database.transaction(WRITE, async (tx) => {
    await checkServer(tx)
    const found = await checkTables(tx, manifest)
    await lockMigration(tx)
    for (const statement of BOOKKEEPING_DDL) await tx.query(statement)
    return found
  })
  const captured: string[] = []
  for (const live of tables) {
    if (await database.transaction(WRITE, (tx) => captureTable(tx, live))) captured.push(live.table.name)
  }
  const released = await database.transaction(WRITE, (tx) => releaseTables(tx, manifest))
  await recordHistory(database, randomness)
  return { captured, released }
}

async function lockMigration(tx: Tx): Promise<void> {
  await tx.query('SELECT pg_advisory_xact_lock($1::bigint)', [MIGRATION_LOCK])
}

/** Whether there was anything to do. */
async function captureTable(tx: Tx, { table, perRow, partitions }: LiveTable): Promise<boolean> {
  await lockMigration(tx)
  const sql = captureSql(table, perRow)
  const relation = quoteTable(table)
  const onPartitions = partitions.flatMap((partition) => sql.partitionTriggers(partition))
  const statements = [...sql.functions, ...sql.triggers, ...onPartitions]
  const text = statements.join(';\n')
  const relations = [relation, ...partitions]
  if (await inPlace(tx, { table: table.name, text, relations })) return false
  for (const statement of statements) await tx.query(statement)
  await tx.query(
    `
    INSERT INTO landfall.captures (tbl, relation, digest) VALUES ($1, $2, md5($3))
    ON CONFLICT (tbl) DO UPDATE SET relation = excluded.relation, digest = excluded.digest`,
    [table.name, relation, text],
  )
  return true
}

type Capture = { table: string; text: string; relations: string[] }

/** The same SQL was run before, and its triggers are still there and fire always, on the table and its partitions. */
async function inPlace(tx: Tx, { table, text, relations }: Capture): Promise<boolean> {
  const [row] = await tx.query(
    `
    SELECT (
      EXISTS (SELECT FROM landfall.captures WHERE tbl = $1 AND digest = md5($2))
      AND (SELECT count(*) FROM pg_trigger
           WHERE tgrelid = ANY ($3::regclass[]) AND tgname = ANY ($4::name[]) AND tgenabled = 'A')
        = cardinality($3::text[]) * cardinality($4::text[])
    )::text AS yes`,
    [table, text, relations, TRIGGER_NAMES],
  )
  return row?.['yes'] === 'true'
}

async function releaseTables(tx: Tx, manifest: Manifest): Promise<string[]> {
  await lockMigration(tx)
  const gone = await tx.query(
    `
    SELECT tbl, to_regclass(relation)::text AS live
    FROM landfall.captures
    WHERE tbl <> ALL ($1::text[])`,
    [manifest.tables.map((table) => table.name)],
  )
  for (const { tbl, live } of gone) {
    const drops =
      live === null ? [] : TRIGGER_NAMES.map((name) => `DROP TRIGGER IF EXISTS ${name} ON ${live}`)
    for (const statement of drops) await tx.query(statement)
    await tx.query('DELETE FROM landfall.captures WHERE tbl = $1', [tbl ?? null])
  }
  return gone.map((row) => row['tbl'] ?? '')
}

function explained(error: unknown): unknown {
  if (!(error instanceof PostgresError)) return error
  const because = { problem: error.message, table: error.table ?? '' }
  if (error.sqlstate === '42501') {
    const cure = 'Migrate as a role that owns the tables and may create a schema.'
    return new LandfallError('database_invalid', { problems: [{ ...because, cure }] })
  }
  if (error.sqlstate === '55P03') {
    return new LandfallError('server_busy', {
      reason: 'lock',
      cause: 'A long transaction holds a synced table.',
    })
  }
  return error
}
