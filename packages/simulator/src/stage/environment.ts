/**
 * An environment: a Postgres with an app's tables and sync triggers, put back to its beginning for each plan.
 *
 * This one is embedded (`postgres-environment.ts` has a real one). Starting PGlite takes seconds, going back to an image of
 * it milliseconds, so a process opens one environment and runs all its seeds there. Postgres reads the wall clock through
 * `Date.now`, which stands at the world's time while a plan runs: `now()` in SQL is virtual, too. Transactions
 * that stay open while others run are prepared ones, since PGlite has one connection: to every snapshot they are in
 * progress.
 */
import { PGlite } from '@electric-sql/pglite'
import { type Database, migrateSync, openDatabase, type Tx } from '@landfall/server'
import type { SyncDefinition } from '@landfall/schema'
import { createRandom, type SeededRandom } from '@landfall/testkit'
import { type Busy, counted, createBusy, whileCounted } from '@landfall/testkit/internal'
import { devicesOf, type SimApp, workloadOf } from '../plan/app.ts'
import { restoreImage, takeImage } from './postgres-image.ts'
import type { RowSet, TruthReader } from '../checks/truth.ts'
import { populating } from './populate.ts'
import { type Files, loadDevices, warmUp } from './preload.ts'
import type { Workload } from '../workload/workload.ts'

/** When worlds begin. */
export const START_MS = Date.UTC(2026, 0, 1)

const SETTINGS = [
  'max_prepared_transactions = 16',
  'shared_buffers = 4MB',
  'wal_buffers = 256kB',
  'autovacuum = off',
]

/** It takes less than the time between. */
const SETUP_AT_MS = START_MS - 10_000
const LOADED = 3

export type Environment = {
  app: SimApp
  workload: Workload
  /** The disks of devices that have loaded what Postgres has at its beginning, by device. */
  loaded: ReadonlyMap<string, Files>
  /** Whether transactions run beside each other. */
  overlaps: boolean
  /** Puts Postgres back to its beginning; what is under way there from now on is counted. */
  begin(run: Run): Promise<void>
  /** The database as a program of this name reaches it. */
  connect(program: string): Promise<Database>
  /** Statements outside of any transaction that the port knows. */
  exec(sql: string): Promise<void>
  /** Puts the sync triggers of an app's version in place. */
  migrate(sync: SyncDefinition, randomness: SeededRandom): Promise<void>
  /** Called first in a writing transaction. The answer turns the rows that it sees at last into those it began with. */
  witness(tx: Tx, truth: TruthReader): Promise<(after: RowSet) => Promise<RowSet>>
  /** Postgres starts anew: whoever is connected is cut off. */
  restart(): Promise<void>
  /** It does so in the midst of what comes next, if transactions overlap here: after so many statements. */
  restartAfter(statements: number): void
  /** Answers what brings this moment back; null where nothing does. */
  backUp(): Promise<(() => Promise<void>) | null>
  /** Postgres' clock shows this time while `work` lasts. */
  atTime<T>(now: () => number, work: () => Promise<T>): Promise<T>
  close(): Promise<void>
}

export type Run = {
  busy: Busy
  random: SeededRandom
  /** A transaction has lost a deadlock that nobody planted. */
  deadlocked(program: string): void
}

export async function openEnvironment(app: SimApp): Promise<Environment> {
  const pglite = await PGlite.create({ postgresqlconf: SETTINGS })
  const database = await openDatabase(pglite)
  const workload = workloadOf(app)
  const migrate: Environment['migrate'] = async (sync, randomness) =>
    void (await migrateSync(database, sync, { randomness }))
  const loaded = await atTime(
    () => SETUP_AT_MS,
    async () => {
      await pglite.exec(SIMULATED_START)
      for (const statement of app.setup) await pglite.exec(statement)
      for (const statement of populating(workload, app.populate ?? 0))
        await pglite.exec(statement).catch(() => {})
      await migrate(app.sync, createRandom(0))
      const context = { app, workload, database, nowMs: SETUP_AT_MS }
      await warmUp(context)
      return loadDevices(context, devicesOf(app, LOADED))
    },
  )
  const beginning = takeImage(pglite)
  let counter = createBusy()
  const restart = async (): Promise<void> => void (await pglite.exec(START_ANEW))
  return {
    app,
    workload,
    loaded,
    overlaps: false,
    begin: async (run) => {
      counter = run.busy
      restoreImage(pglite, beginning)
    },
    connect: async () => counted(database, counter),
    exec: (sql) => whileCounted(counter, async () => void (await pglite.exec(sql))),
    migrate,
    witness: async (tx, truth) => {
      const { rows } = await truth.read(tx)
      return async () => rows
    },
    restart,
    restartAfter: () => {},
    backUp: async () => {
      const image = takeImage(pglite)
      return async () => {
        restoreImage(pglite, image)
        await restart()
      }
    },
    atTime,
    close: () => pglite.close(),
  }
}

/**
 * Postgres' start is the process' here, and a world's Postgres starts more often than that. The function that tells it is
 * replaced by one that reads a setting. Postgres calls its built-in functions without asking the catalogue, so the body
 * has to be a single expression, which the planner puts in place of the call.
 */
const SIMULATED_START = `
  SET allow_system_table_mods = on;
  CREATE OR REPLACE FUNCTION pg_catalog.pg_postmaster_start_time() RETURNS timestamptz LANGUAGE sql STABLE AS
    $$ SELECT coalesce(nullif(current_setting('simulation.start', true), ''), '2026-01-01Z')::timestamptz $$;
  RESET allow_system_table_mods;`

/** Each start makes a checkpoint, too: its next xid is a floor for what comes after. */
const START_ANEW = `
  SELECT set_config('simulation.start', clock_timestamp()::text, false);
  CHECKPOINT;`

/** `Date.now` is the one clock that Postgres in wasm can read. */
async function atTime<T>(now: () => number, work: () => Promise<T>): Promise<T> {
  const clock: { now: () => number } = Date
  const real = clock.now
  clock.now = now
  try {
    return await work()
  } finally {
    clock.now = real
  }
}
