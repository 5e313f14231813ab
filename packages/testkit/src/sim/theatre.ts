/**
 * A theatre: one embedded Postgres with an app's tables and sync triggers, put back to its beginning for each plan.
 *
 * Starting PGlite takes seconds, going back to an image of it milliseconds, so a process opens one theatre and plays all
 * its seeds there. Postgres reads the wall clock through `Date.now`, which stands at the world's time while a plan is
 * played: `now()` in SQL is virtual, too. Transactions that stay open while others run are prepared ones, since PGlite
 * has one connection: to every snapshot they are in progress.
 */
import { PGlite } from '@electric-sql/pglite'
import { createRandom } from '../world/random.ts'
import { type Database, migrateSync, openDatabase } from '@landfall/server'
import type { SimApp } from './app.ts'
import { type PostgresImage, restoreImage, takeImage } from './postgres-image.ts'
import { createWorkload, type Workload } from '../workload/workload.ts'

/** When worlds begin. */
export const START_MS = Date.UTC(2026, 0, 1)

const SETTINGS = [
  'max_prepared_transactions = 16',
  'shared_buffers = 4MB',
  'wal_buffers = 256kB',
  'autovacuum = off',
]

export type Theatre = {
  app: SimApp
  workload: Workload
  pglite: PGlite
  database: Database
  beginning: PostgresImage
  close(): Promise<void>
}

export async function openTheatre(app: SimApp): Promise<Theatre> {
  const pglite = await PGlite.create({ postgresqlconf: SETTINGS })
  return atTime(
    () => START_MS,
    async () => {
      const database = await openDatabase(pglite)
      await pglite.exec(SIMULATED_START)
      for (const statement of app.setup) await pglite.exec(statement)
      await migrateSync(database, app.sync, { randomness: createRandom(0) })
      const beginning = takeImage(pglite)
      return { app, workload: workloadOf(app), pglite, database, beginning, close: () => pglite.close() }
    },
  )
}

/**
 * Postgres' start is the process' here, and a world's Postgres starts more often than that. The function that tells it is
 * replaced by one that reads a table, so that everything that asks for it is told what the world says.
 */
const SIMULATED_START = `
  SET allow_system_table_mods = on;
  CREATE SCHEMA simulation;
  CREATE TABLE simulation.start (at timestamptz NOT NULL);
  INSERT INTO simulation.start VALUES (now());
  CREATE OR REPLACE FUNCTION pg_catalog.pg_postmaster_start_time() RETURNS timestamptz LANGUAGE sql STABLE AS
    'SELECT at FROM simulation.start';
  RESET allow_system_table_mods;`

export function workloadOf({ sync, scopes, weights = {}, reserved = [] }: SimApp): Workload {
  const manifest = {
    ...sync.manifest,
    tables: sync.manifest.tables.filter(({ name }) => !reserved.includes(name)),
  }
  return createWorkload({ sync: { manifest, tables: sync.tables }, scopes, weights })
}

/** Puts Postgres back and gives it a start of its own. */
export async function rewind({ pglite }: Theatre, image: PostgresImage): Promise<void> {
  restoreImage(pglite, image)
  await restartedNow(pglite)
}

/** From now on this Postgres counts as started anew. */
export async function restartedNow(pglite: PGlite): Promise<void> {
  await pglite.query('UPDATE simulation.start SET at = clock_timestamp()')
}

/** `Date.now` is the one clock that Postgres in wasm can read. */
export async function atTime<T>(now: () => number, work: () => Promise<T>): Promise<T> {
  const clock: { now: () => number } = Date
  const real = clock.now
  clock.now = now
  try {
    return await work()
  } finally {
    clock.now = real
  }
}
