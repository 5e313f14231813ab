/** Puts the server together: database, tables and seed, sync, sign-in, page. */
import { createSyncServer, type Database, memberOf, migrateSync, openDatabase } from '@landfall/server'
import { Hono } from 'hono'
import { members } from '../shared/schema.ts'
import { sync } from '../shared/sync.ts'
import { createPage } from './page.ts'
import { authorizeCheck, authorizeComment, officeOnly } from './rules.ts'
import { createAndSeed } from './seed/index.ts'
import { createSession, loadSecret, type Session } from './session.ts'

export type FieldbookOptions = {
  databaseUrl: string
  secretFile: string
  pageFolder: string
  log: (line: string) => void
}

export type Fieldbook = {
  app: Hono
  /** Forgets changes that only devices away for longer than `KEPT_MS` have not seen; those load their projects again. */
  prune(): Promise<number>
  close(): Promise<void>
}

const KEPT_MS = 14 * 24 * 60 * 60 * 1000

export async function startFieldbook(options: FieldbookOptions): Promise<Fieldbook> {
  options.log(`Opening ${nameDatabase(options.databaseUrl)} ...`)
  const database = await openDatabase(options.databaseUrl)
  const { created } = await seed(database)
  if (created) options.log('Created the tables and filled them with sample inspections.')
  await migrateSync(database, sync)
  const session = createSession(await loadSecret(options.secretFile))
  const server = createServer(database, session)
  const app = new Hono()
  app.route('/sync', server.app)
  app.route('/demo', session.app)
  app.route('/', createPage(options.pageFolder))
  return {
    app,
    prune: () => server.prune(KEPT_MS),
    close: async () => {
      await server.close()
      await database.close()
    },
  }
}

function createServer(database: Database, session: Session) {
  return createSyncServer({
    sync,
    database,
    authenticate: (request) => session.authenticate(request),
    holders: {
      project: memberOf(members, { user: (member) => member.userId, key: (member) => member.projectId }),
    },
    authorize: {
      checks: authorizeCheck,
      comments: authorizeComment,
      projects: officeOnly,
      members: officeOnly,
    },
  })
}

function seed(database: Database): Promise<{ created: boolean }> {
  return database.transaction({ isolation: 'read committed', readOnly: false }, (tx) =>
    createAndSeed((text, params) => tx.query(text, params ?? []), Date.now()),
  )
}

/** Without its password. */
function nameDatabase(url: string): string {
  return url.replace(/\/\/([^:@/]+):[^@/]+@/, '//$1:***@')
}
