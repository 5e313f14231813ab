/** A migrated notes app with its sync server, on a fresh real Postgres database or on PGlite. */
import { createTestDatabase } from '@landfall/tools/postgres'
import type { Database } from '../../src/database/database.ts'
import type { Limits } from '../../src/limits.ts'
import { migrateSync } from '../../src/migrate/migrate.ts'
import { openDatabase } from '../../src/database/open-database.ts'
import { createSyncServer, type SyncServer, type SyncServerOptions } from '../../src/server.ts'
import { authorize, createNotesTables, holders, sync } from './notes.ts'
import { createPullingClient, type PullingClient } from './pulling-client.ts'

export type NotesWorld = {
  url: string
  database: Database
  server: SyncServer
  client(user: string): PullingClient
  run(sql: string, params?: string[]): Promise<{ [column: string]: string | null }[]>
  close(): Promise<void>
}

export type WorldOptions = {
  address?: string
  limits?: Partial<Limits>
  server?: Partial<SyncServerOptions>
  /** What the sync server gets in place of the database. */
  wrap?: (database: Database) => Database
  /** Runs once the tables exist, before migrating. */
  prepare?: (run: NotesWorld['run']) => Promise<void>
}

/** Every non-empty bearer token is its user's name. */
export function authenticate(request: Request): { userId: string } | null {
  const [, token] = /^Bearer (\w+)$/.exec(request.headers.get('authorization') ?? '') ?? []
  return token === undefined ? null : { userId: token }
}

export async function createNotesWorld(options: WorldOptions = {}): Promise<NotesWorld> {
  const fresh = options.address === undefined ? await createTestDatabase('server') : null
  const url = fresh?.url ?? options.address ?? ''
  const database = await openDatabase(url, { connections: 12 })
  const run: NotesWorld['run'] = (sql, params = []) =>
    database.transaction({ isolation: 'read committed', readOnly: false }, (tx) => tx.query(sql, params))
  await createNotesTables(database)
  await options.prepare?.(run)
  await migrateSync(database, sync)
  const limits = { rateBurst: 1e9, ...options.limits }
  const given = options.wrap?.(database) ?? database
  const app = { sync, authenticate, authorize, holders }
  const server = createSyncServer({ ...app, database: given, limits, ...options.server })
  return {
    url,
    database,
    server,
    client: (user) => createPullingClient(server, sync.manifest, user),
    run,
    async close() {
      await server.close()
      await database.close()
      await fresh?.drop()
    },
  }
}
