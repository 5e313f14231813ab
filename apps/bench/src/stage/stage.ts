/** Everything real that the workloads run on: Postgres, the sync server, the browser, and the meter of their CPU. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, migrateSync, openDatabase } from '@landfall/server'
import { type PostgresServer, startPostgres } from '@landfall/tools/postgres'
import { type CpuMeter, createCpuMeter, parentOf } from '../runner/cpu.ts'
import { generateRows } from '../shared/rows.ts'
import { MEMBERS, SPACES, sync, TABLES } from '../shared/schema.ts'
import { type Browser, startBrowser } from './browser.ts'
import { bundlePage } from './bundle.ts'
import { copyFile, writeCopyFile } from './copy.ts'
import { startWeb, type Web } from './server.ts'

export type Stage = {
  web: Web
  browser: Browser
  /** A folder that Postgres may read, for COPY. */
  folder: string
  versions: Record<string, string>
  /** The address of Postgres, for workloads that need more connections than the server's. */
  url: string
  startCpu: CpuMeter
  close(): Promise<void>
}

/** Rows of the first load; its space is filled before capture begins, as tables that exist already are. */
export const FIRST_LOAD = { seed: 77, count: 100_000, space: SPACES.firstLoad }
export const REMOTE_CHANGE = { seed: 78, count: 1_000, space: SPACES.remoteChange }

export async function openStage(): Promise<Stage> {
  const closers: (() => unknown)[] = []
  const close = async (): Promise<void> => {
    // What does not end in good order must neither hide a failure nor keep the rest open.
    for (const closeOne of closers.splice(0).reverse())
      await Promise.resolve()
        .then(closeOne)
        .catch((error: unknown) => console.error('While closing:', error))
  }
  try {
    return { ...(await setUp((closeOne) => closers.push(closeOne))), close }
  } catch (error) {
    await close()
    throw error
  }
}

async function setUp(onClose: (close: () => unknown) => void): Promise<Omit<Stage, 'close'>> {
  const folder = mkdtempSync(join(tmpdir(), 'landfall-bench-'))
  onClose(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }))
  // Postgres reads what is copied as another user.
  chmodSync(folder, 0o755)
  const pageFolder = join(folder, 'page')
  mkdirSync(pageFolder)
  await bundlePage(pageFolder)
  const postgres = await startPostgres()
  onClose(() => postgres.stop())
  const { pid, version } = await prepareDatabase(postgres, folder)
  const web = await startWeb(postgres.url, pageFolder)
  onClose(() => web.close())
  const browser = await startBrowser(join(folder, 'profile'), web.origin)
  onClose(() => browser.close())
  return {
    web,
    browser,
    folder,
    url: postgres.url,
    versions: { Postgres: version, Chromium: browser.version },
    startCpu: createCpuMeter({ postgres: pid, browser: browser.pid }),
  }
}

async function prepareDatabase(
  postgres: PostgresServer,
  folder: string,
): Promise<{ pid: number | null; version: string }> {
  const database = await openDatabase(postgres.url)
  try {
    await createTables(database)
    for (const options of [FIRST_LOAD, REMOTE_CHANGE]) {
      writeCopyFile(folder, generateRows(options))
      await copyFile(database, folder, 'items')
    }
    await run(database, 'ANALYZE')
    await migrateSync(database, sync)
    const [row] = await run(
      database,
      `SELECT pg_backend_pid() AS pid, current_setting('server_version') AS version`,
    )
    return { pid: parentOf(Number(row?.['pid'])), version: row?.['version'] ?? 'unknown' }
  } finally {
    await database.close()
  }
}

async function createTables(database: Database): Promise<void> {
  for (const statement of TABLES) await run(database, statement)
  for (const [user, space] of Object.entries(MEMBERS))
    await run(database, 'INSERT INTO members (space_id, user_id) VALUES ($1::integer, $2)', [
      `${space}`,
      user,
    ])
}

export function run(database: Database, sql: string, params: string[] = []) {
  return database.transaction({ isolation: 'read committed', readOnly: false }, (tx) => tx.query(sql, params))
}
