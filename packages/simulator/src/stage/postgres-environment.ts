/**
 * An environment on a real Postgres: each server process and each other program has connections of its own, and their
 * transactions overlap, statement by statement in an order that the seed decides (`turns.ts`).
 *
 * Postgres' clock is virtual here, too: `now()` and `clock_timestamp()` are replaced, in this database only, by functions
 * that read a setting, which every transaction sets as it begins. Postgres calls its built-in functions without asking
 * the catalogue, so that works only because these bodies are single expressions, which the planner puts in their place.
 * Within one transaction that clock stands still.
 *
 * What differs from the embedded environment: the rows before a push are worked out from what it did (`audit.ts`), because at
 * READ COMMITTED others commit in the middle of it; polls answered from memory see no overlap; TRUNCATE is not done,
 * since it empties a table for the checkers' older snapshots, too.
 */
import { type Database, migrateSync, openDatabase } from '@landfall/server'
import type { SyncDefinition } from '@landfall/schema'
import postgres from 'postgres'
import { populating } from './populate.ts'
import { createRandom, type SeededRandom } from '@landfall/testkit'
import { type SimApp, workloadOf } from '../plan/app.ts'
import { AUDIT_DDL, auditSql, undoOwn } from './audit.ts'
import { givenSite, ownSite, type Site } from './postgres-site.ts'
import { START_MS, type Environment } from './environment.ts'
import { createTurns, DEADLOCK_MS, type Turns } from './turns.ts'

export type PostgresEnvironmentOptions = {
  /** A superuser's address of a server with prepared transactions; without it one is started. */
  server?: string
  /** What server processes reach instead of the database: tests plant bugs here. */
  spoil?: (database: Database) => Database
}

export type PostgresEnvironment = Environment & {
  /** Who had each turn of the last run. */
  turns(): readonly string[]
}

/** A lock that is not to be had is given up for good before anything else in the world would wait for it in vain. */
const TIMEOUTS = { lock: 2_000 }

export async function openPostgresEnvironment(
  app: SimApp,
  options: PostgresEnvironmentOptions = {},
): Promise<PostgresEnvironment> {
  const prepare = (url: string): Promise<void> => prepareDatabase(url, app)
  const { server, spoil = (database: Database) => database } = options
  const site = server === undefined ? await ownSite(prepare) : await givenSite(server, prepare)
  const lines = createLines(site)
  const databases = new Map<string, Database>()
  let now = (): number => START_MS
  let turns: Turns | null = null

  function running(): Turns {
    if (turns === null) throw new Error('no plan is running')
    return turns
  }

  async function disconnect(): Promise<void> {
    for (const database of databases.values()) await database.close()
    databases.clear()
    await lines.close()
  }

  const cutInTurn = async <T>(work: () => Promise<T>): Promise<T> =>
    running().take('operator', () => lines.cut(work))

  return {
    app,
    workload: workloadOf(app),
    loaded: new Map(), // each world has a database of its own, with other snapshots
    overlaps: true,
    turns: () => turns?.log ?? [],
    async begin(run) {
      await disconnect()
      await site.reset()
      turns = createTurns({ ...run, blocked: () => lines.blocked(), prelude: (name) => prelude(name, now()) })
    },
    async connect(program) {
      const known = databases.get(program)
      if (known !== undefined) return known
      const opened = await openDatabase(site.url(), { timeouts: TIMEOUTS })
      const database = running().of(program, program.startsWith('server ') ? spoil(opened) : opened)
      databases.set(program, database)
      return database
    },
    exec: (sql) => running().take('operator', () => lines.exec(sql, now())),
    migrate: (sync, randomness) => running().take('operator', () => migrate(site.url(), sync, randomness)),
    witness: async (tx) => (after) => undoOwn(tx, after),
    restart: () => cutInTurn(() => site.restart()),
    restartAfter: (statements) => running().interrupt(statements, () => lines.cut(() => site.restart())),
    backUp: () =>
      cutInTurn(async () => {
        const restore = await site.backUp()
        return restore && (() => cutInTurn(restore))
      }),
    async atTime(virtual, work) {
      now = virtual
      try {
        return await work()
      } finally {
        now = () => START_MS
      }
    },
    async close() {
      await disconnect()
      await site.close()
    },
  }
}

function prelude(name: string, nowMs: number): string {
  return `
    SET LOCAL application_name = '${name}';
    SET LOCAL deadlock_timeout = '${DEADLOCK_MS}ms';
    SET LOCAL simulation.now = '${nowMs}'`
}

async function prepareDatabase(url: string, app: SimApp): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  await sql.unsafe(VIRTUAL_CLOCK)
  for (const statement of app.setup) await sql.unsafe(statement)
  for (const statement of populating(workloadOf(app), app.populate ?? 0))
    await sql.unsafe(statement).catch(() => {})
  await sql.unsafe(AUDIT_DDL)
  await sql.end()
  await migrate(url, app.sync, createRandom(0))
}

const VIRTUAL_NOW = `
  SELECT to_timestamp(coalesce(nullif(current_setting('simulation.now', true), ''), '${START_MS}')::float8 / 1000)`

const VIRTUAL_CLOCK = `
  SET allow_system_table_mods = on;
  CREATE OR REPLACE FUNCTION pg_catalog.now() RETURNS timestamptz LANGUAGE sql STABLE AS $$${VIRTUAL_NOW}$$;
  CREATE OR REPLACE FUNCTION pg_catalog.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE AS $$${VIRTUAL_NOW}$$;
  RESET allow_system_table_mods;
  CREATE SCHEMA simulation;`

async function migrate(url: string, sync: SyncDefinition, randomness: SeededRandom): Promise<void> {
  const database = await openDatabase(url)
  await migrateSync(database, sync, { randomness })
  await database.close()
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  for (const table of sync.manifest.tables) await sql.unsafe(auditSql(table))
  await sql.end()
}

type Lines = {
  exec(sql: string, nowMs: number): Promise<void>
  /** The names of the transactions that wait for a lock. */
  blocked(): Promise<ReadonlySet<string>>
  /** Without any connection, and nothing is asked, while the work goes on. */
  cut<T>(work: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

/** The operator's own connections, past the port: opened when they are needed, also after a restart. */
function createLines(site: Site): Lines {
  const open = new Map<string, postgres.Sql>()
  let silent = false
  const line = (name: string): postgres.Sql => {
    const known = open.get(name) ?? postgres(site.url(), { max: 1, onnotice: () => {} })
    open.set(name, known)
    return known
  }
  async function close(): Promise<void> {
    const closing = [...open.values()]
    open.clear()
    for (const sql of closing) await sql.end({ timeout: 0 })
  }

  return {
    async exec(sql, nowMs) {
      const operator = line('operator')
      const settings = `SET application_name = 'operator'; SET simulation.now = '${nowMs}'; SET lock_timeout = ${TIMEOUTS.lock};`
      await operator.unsafe(settings)
      try {
        await operator.unsafe(sql)
      } catch (error) {
        await operator.unsafe('ROLLBACK')
        throw error
      }
    },
    async cut(work) {
      silent = true
      try {
        await close()
        return await work()
      } finally {
        silent = false
      }
    },
    async blocked() {
      if (silent) return new Set()
      try {
        const rows = await line('monitor')<{ name: string }[]>`
          SELECT application_name AS name FROM pg_stat_activity
          WHERE datname = current_database() AND state = 'active' AND cardinality(pg_blocking_pids(pid)) > 0`
        return new Set(rows.map(({ name }) => name))
      } catch (error) {
        if (silent) return new Set() // asked just before
        throw error
      }
    },
    close,
  }
}
