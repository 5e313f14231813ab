/** A real sync server over real HTTP, on a real Postgres, for the shared tables of tasks; a bearer token is its user. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve } from '@hono/node-server'
import { defineSync } from '@landfall/schema'
import { createSyncServer, memberOf, migrateSync, openDatabase } from '@landfall/server'
import { createTestDatabase } from '@landfall/tools/postgres'
import { comments, members, projects, tasks, TASKS_DDL } from '@landfall/tools/tables'
import { Hono } from 'hono'

export const sync = defineSync({
  tables: { projects, members, tasks, comments },
  scopes: {
    project: {
      projects: (t) => t.id,
      members: (t) => t.projectId,
      tasks: (t) => t.projectId,
      comments: (t) => t.projectId,
    },
  },
  write: { members: false },
})

export type TasksServer = {
  readonly url: string
  /** Another program's statement. */
  query(statement: string): Promise<{ [column: string]: string | null }[]>
  /** Nobody answers at its address any more. */
  stopListening(): Promise<void>
  /** At the same address as before. */
  listen(): Promise<void>
  close(): Promise<void>
}

export async function startTasksServer(): Promise<TasksServer> {
  const { url, drop } = await createTestDatabase()
  const database = await openDatabase(url)
  const query: TasksServer['query'] = (statement) =>
    database.transaction({ isolation: 'read committed', readOnly: false }, (tx) => tx.query(statement))
  for (const statement of TASKS_DDL) await query(statement)
  await migrateSync(database, sync)
  const server = createSyncServer({
    sync,
    database,
    holders: { project: memberOf(members, { user: (m) => m.userId, key: (m) => m.projectId }) },
    authenticate: (request) => {
      const userId = request.headers.get('authorization')?.replace('Bearer ', '') ?? ''
      return userId === 'expired' ? null : { userId }
    },
  })
  const routes = new Hono().route('/sync', server.app)
  let http = await listenAt(routes, 0)
  const { port } = http.address() as AddressInfo
  const stopListening = (): Promise<void> => {
    http.closeAllConnections()
    return new Promise((closed) => http.close(() => closed()))
  }
  return {
    url: `http://127.0.0.1:${port}/sync`,
    query,
    stopListening,
    listen: async () => void (http = await listenAt(routes, port)),
    async close() {
      await server.close()
      await stopListening()
      await database.close()
      await drop()
    },
  }
}

function listenAt(routes: Hono, port: number): Promise<Server> {
  return new Promise((ready) => {
    const http = serve({ fetch: routes.fetch, port, hostname: '127.0.0.1' }, () => ready(http)) as Server
  })
}
