/**
 * Where the database of a real Postgres environment is: on a server of its own, or on one that somebody has given.
 *
 * A server of its own is put back to its beginning file by file, in less than a second, so every plan finds it as every
 * other plan did, to the last xid; and a restore makes xids run again, as a real one does. On a given server a plan gets a
 * copy of a template database: xids go on, restarts only cut the connections, and there is no restore.
 */
import postgres from 'postgres'
import { createTestDatabase, startPostgres, type TestDatabase } from '@landfall/tools/postgres'

export type Site = {
  /** Of the database of the running plan, by a superuser. */
  url(): string
  reset(): Promise<void>
  restart(): Promise<void>
  backUp(): Promise<(() => Promise<void>) | null>
  close(): Promise<void>
}

const SETTINGS = {
  max_prepared_transactions: '16',
  autovacuum: 'off',
  shared_buffers: '16MB',
  // Less to copy.
  wal_recycle: 'off',
  wal_init_zero: 'off',
}

/** `prepare` fills the database, and leaves no connection open. */
export async function ownSite(prepare: (url: string) => Promise<void>): Promise<Site> {
  const server = await startPostgres({ settings: SETTINGS })
  const { url } = await createTestDatabase('play', server.url)
  await prepare(url)
  const beginning = await server.backUp()
  return {
    url: () => url,
    reset: () => server.restore(beginning),
    restart: () => server.restart(),
    backUp: async () => {
      const backup = await server.backUp()
      return () => server.restore(backup)
    },
    close: () => server.stop(),
  }
}

export async function givenSite(server: string, prepare: (url: string) => Promise<void>): Promise<Site> {
  const template = await createTestDatabase('template', server)
  await prepare(template.url)
  const templateName = new URL(template.url).pathname.slice(1)
  let play: TestDatabase | null = null
  return {
    url: () => play?.url ?? template.url,
    async reset() {
      await play?.drop()
      play = await createTestDatabase('play', server, templateName)
    },
    restart: () => cutConnections(server, new URL(play?.url ?? template.url).pathname.slice(1)),
    backUp: async () => null,
    async close() {
      await play?.drop()
      await template.drop()
    },
  }
}

async function cutConnections(server: string, database: string): Promise<void> {
  const sql = postgres(server, { max: 1 })
  await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ${database}`
  await sql.end()
}
