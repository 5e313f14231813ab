/**
 * A real Postgres for tests.
 *
 * The test runner's global setup calls `sharePostgres` once: it takes the server that DATABASE_URL names, or starts one
 * of its own, and leaves the address in the environment, which the runner's worker processes inherit. Each test file
 * then takes a fresh database with `createTestDatabase`. A test that stops or kills the server takes one of its own with
 * `startPostgres`, so that nobody else notices.
 */
import postgres from 'postgres'
import { type Binaries, findBinaries } from './postgres/binaries.ts'
import { createCluster, type DataCopy } from './postgres/cluster.ts'

export type PostgresServer = {
  /** A superuser's address of the database `postgres`. */
  url: string
  /** What was found or installed, for people to read. */
  description: string
  /** Stops the server in good order and deletes its data. */
  stop(): Promise<void>
  /** Stops the server in good order and starts it again, on the same port with the same data. */
  restart(): Promise<void>
  /** Crashes the server; `start` brings it back by recovery. */
  kill(): Promise<void>
  start(): Promise<void>
  /** A backup of all databases, made while the server is stopped; all connections are cut. */
  backUp(): Promise<DataCopy>
  /** All databases as they were then, so that transaction ids run again; all connections are cut. */
  restore(backup: DataCopy): Promise<void>
}

export type PostgresOptions = { settings?: Record<string, string> }

export type TestDatabase = { url: string; drop(): Promise<void> }

const SHARED = 'LANDFALL_TEST_POSTGRES'

/** Starts a server of the caller's own, whatever DATABASE_URL says. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const binaries = findBinaries()
  const cluster = await createCluster(binaries, options.settings ?? {})
  return {
    url: `postgres://postgres@127.0.0.1:${cluster.port}/postgres`,
    description: describe(binaries, cluster.port),
    stop: () => cluster.remove(),
    restart: async () => {
      await cluster.stop()
      await cluster.start()
    },
    kill: () => cluster.kill(),
    start: () => cluster.start(),
    backUp: () => cluster.copyData(),
    restore: (backup) => cluster.putBack(backup),
  }
}

/** Gives this process and its children one server for `createTestDatabase`. For a runner's global setup. */
export async function sharePostgres(): Promise<{ description: string; release(): Promise<void> }> {
  const given = process.env['DATABASE_URL']
  if (given) {
    process.env[SHARED] = given
    return { description: await describeGiven(given), release: async () => {} }
  }
  const server = await startPostgres()
  process.env[SHARED] = server.url
  return { description: server.description, release: () => server.stop() }
}

/** A new database on the shared server, or on the one whose address is given: empty, or a copy of another. */
export async function createTestDatabase(
  name = 'test',
  server = sharedUrl(),
  template = 'template0',
): Promise<TestDatabase> {
  const unique = `landfall_${name}_${crypto.randomUUID().replaceAll('-', '').slice(0, 12)}`.toLowerCase()
  await administer(server, (sql) => sql`create database ${sql(unique)} template ${sql(template)}`)
  const url = new URL(server)
  url.pathname = `/${unique}`
  return {
    url: url.href,
    drop: () => administer(server, (sql) => sql`drop database if exists ${sql(unique)} with (force)`),
  }
}

function sharedUrl(): string {
  const url = process.env[SHARED]
  if (!url) throw new Error('No shared Postgres: call this from a test that runs under vitest or Playwright.')
  return url
}

async function administer(url: string, work: (sql: postgres.Sql) => PromiseLike<unknown>): Promise<void> {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    await work(sql)
  } finally {
    await sql.end({ timeout: 5 })
  }
}

function describe(binaries: Binaries, port: number): string {
  return `Postgres: ${binaries.version}, ${binaries.found} in ${binaries.folder}, started on port ${port}`
}

async function describeGiven(url: string): Promise<string> {
  let version = ''
  await administer(url, async (sql) => {
    const [row] = await sql<{ server_version: string }[]>`show server_version`
    version = row?.server_version ?? 'unknown'
  })
  return `Postgres: ${version} at the given DATABASE_URL`
}
