/** The app's server: the built page under a strict Content Security Policy, and sync under /sync. */
import { serve } from '@hono/node-server'
import { serveStatic } from '@hono/node-server/serve-static'
import { createSyncServer, memberOf, migrateSync, openDatabase } from '@landfall/server'
import { Hono } from 'hono'
import { secureHeaders } from 'hono/secure-headers'
import { memberships } from './schema.ts'
import { sync } from './sync.ts'

const { DATABASE_URL = '', PORT = '3000', PAGE = './dist' } = process.env
const database = await openDatabase(DATABASE_URL)
await migrateSync(database, sync)

const server = createSyncServer({
  sync,
  database,
  authenticate: (request) => {
    const [, userId] = /^Bearer (\w+)$/.exec(request.headers.get('authorization') ?? '') ?? []
    return userId === undefined ? null : { userId }
  },
  holders: {
    company: memberOf(memberships, { user: (m) => m.userId, key: (m) => m.companyId }),
    own: ({ userId }) => [userId],
  },
})

const app = new Hono()
const contentSecurityPolicy = {
  defaultSrc: ["'self'"],
  scriptSrc: ["'self'", "'wasm-unsafe-eval'"],
  workerSrc: ["'self'"],
  styleSrc: ["'self'"],
}
app.use(secureHeaders({ contentSecurityPolicy }))
app.route('/sync', server.app)
app.use('*', serveStatic({ root: PAGE }))

serve({ fetch: app.fetch, port: Number(PORT) }, ({ port }) =>
  console.log(`ready on http://localhost:${port}`),
)
