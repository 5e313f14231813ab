/**
 * migrateSync: puts the bookkeeping and the capture triggers in place; running it again changes nothing.
 *
 * First everything is checked, then the bookkeeping is made, then each table gets its triggers in a transaction of its
 * own, because CREATE TRIGGER waits for the table's writers and must not hold the locks of other tables meanwhile.
 * From a trigger's commit on, every write to its table is in the log. Rows that exist need nothing: clients load them
 * from the tables themselves. Two processes that migrate at once wait for each other.
 */
import { EVERY_SCOPE, LandfallError, type Manifest, type Randomness } from '@landfall/protocol'
import type { SyncDefinition } from '@landfall/schema'
import { quoteTable } from '@landfall/schema/internal'
import { systemRandomness } from '../platform.ts'
import { type Database, PostgresError, type TransactionOptions, type Tx } from '../database/database.ts'
import { recordHistory } from '../log/history.ts'
import { ADVISORY_LOCK, type Bookkeeping, bookkeepingIn } from '../log/bookkeeping.ts'
import { triggerNames } from '../log/capture-names.ts'
import { bookkeepingDdl, LOG_OPERATIONS } from '../log/tables.ts'
import { checkServer, checkTables, type LiveTable } from './check.ts'
import { captureSql } from '../log/triggers.ts'

const WRITE: TransactionOptions = { isolation: 'read committed', readOnly: false }

/** Where the bookkeeping is kept. */
export type MigrationOptions = {
  /** The bookkeeping schema: `landfall` unless told. Each of two apps in one database has its own. */
  schema?: string
  /** For simulations; the machine's unless told. @internal */
  randomness?: Randomness
}

/** What `migrateSync` has changed: nothing, when it has run before. */
export type MigrationReport = {
  /** Tables whose triggers were made or replaced. */
  captured: string[]
  /** Tables that are no longer synced; their triggers were dropped. */
  released: string[]
}

/**
 * Puts the change log's schema and the capture triggers in place. Run it at each start of the server, before
 * `createSyncServer`, or after each migration: run again it changes nothing, and two at once wait for each other.
 *
 * Throws `schema_invalid` for a bookkeeping schema's name, and `database_invalid` with every problem and its cure before
 * it has changed anything; `server_busy` when a long transaction holds a table for more than the lock's time-out.
 */
export async function migrateSync(
  database: Database,
  sync: Pick<SyncDefinition, 'manifest'>,
  { schema, randomness = systemRandomness }: MigrationOptions = {},
): Promise<MigrationReport> {
  try {
    return await migrate(
      { database, bookkeeping: bookkeepingIn(schema), manifest: sync.manifest },
      randomness,
    )
  } catch (error) {
    throw explained(error)
  }
}

type Migration = { database: Database; bookkeeping: Bookkeeping; manifest: Manifest }

async function migrate(migration: Migration, randomness: Randomness): Promise<MigrationReport> {
  const { database, bookkeeping, manifest } = migration
  const tables = await database.transaction(WRITE, async (tx) => {
    await checkServer(tx)
    const found = await checkTables(tx, manifest)
    await lockMigration(tx, bookkeeping)
    for (const statement of bookkeepingDdl(bookkeeping)) await tx.query(statement)
    return found
  })
  const captured: string[] = []
  for (const live of tables) {
    if (await database.transaction(WRITE, (tx) => captureTable(tx, bookkeeping, live)))
      captured.push(live.table.name)
  }
  const released = await database.transaction(WRITE, (tx) => releaseTables(tx, bookkeeping, manifest))
  await recordHistory(database, bookkeeping, randomness)
  return { captured, released }
}

async function lockMigration(tx: Tx, { locks }: Bookkeeping): Promise<void> {
  await tx.query(ADVISORY_LOCK, [locks.migration])
}

/** Whether there was anything to do. */
async function captureTable(
  tx: Tx,
  bookkeeping: Bookkeeping,
  { table, perRow, partitions }: LiveTable,
): Promise<boolean> {
  await lockMigration(tx, bookkeeping)
  const sql = captureSql({ bookkeeping, table, perRow })
  const relation = quoteTable(table)
  const onPartitions = partitions.flatMap((partition) => sql.partitionTriggers(partition))
  const statements = [...sql.functions, ...sql.triggers, ...onPartitions]
  const text = statements.join(';\n')
  const relations = [relation, ...partitions]
  const state = await readCapture(tx, bookkeeping, { table: table.name, text, relations })
  if (state.same && state.present && !state.failed) return false
  const former = await ownTriggers(tx, bookkeeping, relations)
  await lockTable(tx, relation, former)
  for (const statement of [...former.map(dropTrigger), ...statements]) await tx.query(statement)
  if (state.known && !(state.present && !state.failed)) await markMended(tx, bookkeeping, table.name)
  await tx.query(
    `
    INSERT INTO ${bookkeeping.captures} (tbl, relation, digest, mended)
    VALUES ($1, $2, md5($3), pg_current_snapshot())
    ON CONFLICT (tbl) DO UPDATE
    SET relation = excluded.relation, digest = excluded.digest, mended = excluded.mended`,
    [table.name, relation, text],
  )
  return true
}

type Capture = { table: string; text: string; relations: string[] }

type CaptureState = {
  /** The table was captured before. */
  known: boolean
  /** By the same SQL. */
  same: boolean
  /** The triggers are there and fire always, on the table and its partitions. */
  present: boolean
  /** A write was not captured since: an old session may hold a function's old plan, so that its text must be made anew. */
  failed: boolean
}

async function readCapture(
  tx: Tx,
  bookkeeping: Bookkeeping,
  { table, text, relations }: Capture,
): Promise<CaptureState> {
  const { captures, changes } = bookkeeping
  const [row] = await tx.query(
    `
    SELECT
      (c.tbl IS NOT NULL)::text                    AS known,
      (c.digest IS NOT DISTINCT FROM md5($2))::text AS same,
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
    [table, text, relations, triggerNames(bookkeeping)],
  )
  const is = (name: string) => row?.[name] === 'true'
  return { known: is('known'), same: is('same'), present: is('present'), failed: is('failed') }
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

type OwnTrigger = { name: string; relation: string }

/** Every trigger on the relations that calls a function of the bookkeeping schema, whatever an earlier version called it. */
async function ownTriggers(tx: Tx, bookkeeping: Bookkeeping, relations: string[]): Promise<OwnTrigger[]> {
  const rows = await tx.query(
    `
    SELECT quote_ident(t.tgname) AS name, t.tgrelid::regclass::text AS relation
    FROM pg_trigger t
    JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE t.tgrelid IN (
        SELECT to_regclass(r) FROM unnest($1::text[]) r
        UNION SELECT p.relid FROM unnest($1::text[]) r, pg_partition_tree(to_regclass(r)) p)
      AND p.pronamespace = to_regnamespace($2) AND t.tgparentid = 0`,
    [relations, bookkeeping.schema],
  )
  return rows.map(({ name, relation }) => ({ name: name ?? '', relation: relation ?? '' }))
}

/**
 * The strongest lock first, on the parent before its partitions, as writers take theirs: a lock that grows, or one on a
 * partition before its parent, would be a deadlock with the host's own transactions. Dropping a trigger needs more than
 * making one, which lets readers go on.
 */
async function lockTable(tx: Tx, relation: string, dropped: readonly OwnTrigger[]): Promise<void> {
  await tx.query(`LOCK TABLE ${relation} IN ${dropped.length > 0 ? 'ACCESS' : 'SHARE ROW'} EXCLUSIVE MODE`)
}

function dropTrigger({ name, relation }: OwnTrigger): string {
  return `DROP TRIGGER ${name} ON ${relation}`
}

async function releaseTables(tx: Tx, bookkeeping: Bookkeeping, manifest: Manifest): Promise<string[]> {
  const { captures } = bookkeeping
  await lockMigration(tx, bookkeeping)
  const gone = await tx.query(
    `
    SELECT tbl, relation
    FROM ${captures}
    WHERE tbl <> ALL ($1::text[])`,
    [manifest.tables.map((table) => table.name)],
  )
  for (const { tbl = null, relation } of gone) {
    const triggers = await ownTriggers(tx, bookkeeping, [relation ?? ''])
    if (triggers.length > 0) await lockTable(tx, relation ?? '', triggers)
    for (const trigger of triggers) await tx.query(dropTrigger(trigger))
    await tx.query(`DELETE FROM ${captures} WHERE tbl = $1`, [tbl])
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
