/** The sync server over real HTTP on localhost, with the bench's page beside it. */
import { createSyncServer, type Database, memberOf, openDatabase, type SyncServer } from '@landfall/server'
import { readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { serve } from '@hono/node-server'
import { Hono } from 'hono'
import { members, sync } from '../shared/schema.ts'

export type Web = { app: Hono; sync: SyncServer; database: Database; origin: string; close(): Promise<void> }

const TYPES: Record<string, string> = { '.js': 'text/javascript', '.wasm': 'application/wasm' }
const PAGE = '<!doctype html><title>Landfall bench</title><script type="module" src="/page.js"></script>'

export async function startWeb(postgresUrl: string, pageFolder: string): Promise<Web> {
  const database = await openDatabase(postgresUrl)
  const server = createServer(database)
  const app = new Hono()
  app.route('/sync', server.app)
  app.get('/', (c) => c.html(PAGE))
  app.get('/:file{[a-zA-Z0-9_-]+\\.(js|wasm)}', (c) => {
    const file = c.req.param('file')
    const type = TYPES[extname(file)] ?? ''
    return c.body(new Uint8Array(readFileSync(join(pageFolder, file))), 200, { 'content-type': type })
  })
  const { listener, origin } = await listen(app)
  return {
    app,
    sync: server,
    database,
    origin,
    close: async () => {
      await server.close()
      listener.close()
      if ('closeAllConnections' in listener) listener.closeAllConnections()
      await database.close()
    },
  }
}

/** As an app would set it up; only the rate limit is out of the way, since a bench is nobody's normal user. */
function createServer(database: Database): SyncServer {
  return createSyncServer({
    sync,
    database,
    authenticate: (request) => {
      const [, token] = /^Bearer (\w+)$/.exec(request.headers.get('authorization') ?? '') ?? []
      return token === undefined ? null : { userId: token }
    },
    holders: { space: memberOf(members, { user: (m) => m.userId, key: (m) => m.spaceId }) },
    limits: { rateBurst: 1e9 },
  })
}

type Listening = { listener: ReturnType<typeof serve>; origin: string }

function listen(app: Hono): Promise<Listening> {
  return new Promise((resolve) => {
    const listener = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (address: AddressInfo) =>
      resolve({ listener, origin: `http://localhost:${address.port}` }),
    )
  })
}
