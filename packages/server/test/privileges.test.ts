/**
 * Least rights (P17.6): a role that migrates in a schema that a DBA made, and another that serves, each with exactly the
 * rights that are listed; and what happens when one of them is taken away.
 */
import type { LandfallError } from '@landfall/protocol'
import { defineSync } from '@landfall/schema'
import { sql } from 'drizzle-orm'
import { pgTable, serial, text } from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Holders, ServerContext } from '../src/context.ts'
import { createCatalog } from '../src/push/order/foreign-keys.ts'
import type { Database } from '../src/database/database.ts'
import { openDatabase } from '../src/database/open-database.ts'
import { createErrorEncoder } from '../src/http/error-response.ts'
import { DEFAULT_LIMITS } from '../src/limits.ts'
import { bookkeepingIn } from '../src/log/bookkeeping.ts'
import { systemClock, systemRandomness } from '../src/platform.ts'
import { migrationGrants, runtimeGrants } from '../src/health/privileges.ts'
import { migrateSync } from '../src/migrate/migrate.ts'
import { createSyncServer, type SyncServer } from '../src/server.ts'
import { failure, query } from './database-contract.ts'
import { type Host, openHost } from './support/host.ts'
import { createPullingClient } from './support/pulling-client.ts'
import { type Change, createPushingClient, insert, remove, update } from './support/push-world.ts'

const things = pgTable('things', {
  code: text().primaryKey(),
  owner: text(),
  title: text(),
  made: text().default('by the host'),
  secret: text(),
})
const memos = pgTable('memos', { code: text().primaryKey(), owner: text(), n: serial() })
const countries = pgTable('countries', { code: text().primaryKey(), name: text() })
const members = pgTable('members', { owner: text(), member: text() })

const sync = defineSync({
  tables: { things, memos, countries },
  scopes: { own: { things: (t) => t.owner, memos: (t) => t.owner }, public: { countries: true } },
  columns: { things: { exclude: ['secret'], readonly: ['made'] }, memos: { exclude: ['n'] } },
})
const holders: Holders = {
  own: { reads: [members], keys: ({ userId }) => sql`select owner from members where member = ${userId}` },
}

const TABLES = [
  `CREATE TABLE things (code text PRIMARY KEY, owner text, title text, made text DEFAULT 'by the host', secret text)`,
  'CREATE INDEX ON things (owner)',
  'CREATE TABLE memos (code text PRIMARY KEY, owner text, n serial)',
  'CREATE INDEX ON memos (owner)',
  'CREATE TABLE countries (code text PRIMARY KEY, name text)',
  'CREATE TABLE members (owner text, member text)',
  `INSERT INTO members VALUES ('ann', 'ann')`,
  `INSERT INTO countries VALUES ('ch', 'Schweiz')`,
]

const suffix = crypto.randomUUID().slice(0, 8)
const OWNER = `owner_${suffix}`
const APP = `app_${suffix}`

let host: Host
let owner: Database
let app: Database
let server: SyncServer
let logged: string[]

const context = () => ({
  database: app,
  sync,
  holders,
  authenticate: (request: Request) => ({ userId: request.headers.get('authorization')?.slice(7) ?? '' }),
  onError: (error: unknown) => void logged.push(String(error)),
})

beforeAll(async () => {
  host = await openHost('postgres', [`CREATE ROLE ${OWNER} LOGIN`, `CREATE ROLE ${APP} LOGIN`])
  await host.run(`REVOKE ALL ON DATABASE ${new URL(host.url).pathname.slice(1)} FROM PUBLIC`)
  await host.run(`GRANT CONNECT ON DATABASE ${new URL(host.url).pathname.slice(1)} TO ${OWNER}, ${APP}`)
  owner = await host.as(OWNER)
  app = await host.as(APP)
})
afterAll(async () => {
  await server.close()
  await host.empty()
  await host.run(`DROP OWNED BY ${OWNER}, ${APP}`)
  await host.run(`DROP ROLE ${OWNER}, ${APP}`)
  await host.close()
})

/** Tables that the owner made in `public`, and nothing granted to anybody, not even what Postgres grants to all. */
beforeEach(async () => {
  await server?.close()
  logged = []
  await host.empty()
  await host.run('REVOKE ALL ON SCHEMA public FROM PUBLIC')
  await host.run(`GRANT USAGE, CREATE ON SCHEMA public TO ${OWNER}`)
  for (const statement of TABLES) await query(owner, statement)
  await query(owner, 'ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC')
  for (const statement of migrationGrants({ role: OWNER })) await host.run(statement)
  await migrateSync(owner, sync)
  const reads = [{ schema: 'public', name: 'members' }]
  for (const statement of runtimeGrants(sync, { role: APP, reads })) await host.run(statement)
  await query(owner, `GRANT USAGE ON SEQUENCE memos_n_seq TO ${APP}`)
  server = createSyncServer(context())
  await server.health()
})

const later = async () => {
  // Health keeps its answer for a second, so another server is asked.
  const other = createSyncServer(context())
  const found = await other.health()
  await other.close()
  return found
}

const serverContext = (): ServerContext => ({
  database: app,
  bookkeeping: bookkeepingIn(),
  sync,
  holders,
  authorize: {},
  catalog: createCatalog(sync.manifest),
  clock: systemClock,
  randomness: systemRandomness,
  limits: { ...DEFAULT_LIMITS, pushMs: 600_000 },
})

const pushing = () => createPushingClient(serverContext(), 'ann')

test('[P17.6] a role without CREATE on the database migrates in a schema that a DBA made, and again without any CREATE', async () => {
  const can = await host.run(
    `SELECT has_database_privilege('${OWNER}', current_database(), 'CREATE')::text AS "create",
       pg_has_role('${OWNER}', nspowner, 'MEMBER')::text AS owns FROM pg_namespace WHERE nspname = 'landfall'`,
  )
  expect(can).toEqual([{ create: 'false', owns: 'false' }])
  await host.run(`REVOKE CREATE ON SCHEMA landfall FROM ${OWNER}`)
  expect(await migrateSync(owner, sync)).toMatchObject({ captured: [], others: [] })
  await query(owner, 'ALTER TABLE things DISABLE TRIGGER ALL')
  const error = await failure(migrateSync(owner, sync))
  expect(error).toMatchObject({
    code: 'database_invalid',
    details: { problems: [{ cure: expect.stringContaining('may create in the bookkeeping schema') }] },
  })
})

test('[P17.6] without the schema and the right to make it, the cure is told', async () => {
  await host.run('DROP SCHEMA landfall CASCADE')
  const error = await failure(migrateSync(owner, sync))
  expect(error).toMatchObject({ code: 'database_invalid' })
  expect((error as LandfallError).message).toContain('CREATE SCHEMA ... AUTHORIZATION')
})

test('[P17.6] a role with exactly the listed rights serves everything, and is healthy', async () => {
  expect(await server.health()).toMatchObject({ ok: true, problems: [] })
  const ann = pushing()
  expect(await ann.push([insert('things', { code: 'a', owner: 'ann', title: 'one' })])).toBe('applied')
  expect(await ann.push([insert('memos', { code: 'n', owner: 'ann' })])).toBe('applied')
  await query(owner, `UPDATE things SET title = 'theirs'`)
  expect(await ann.push([update('things', { code: 'a' }, { title: ['one', 'mine'] })], 1)).toBe('applied')
  expect(
    await ann.pushAll([
      [update('things', { code: 'a' }, { title: ['theirs', 'two'] })],
      [update('things', { code: 'a' }, { title: ['two', 'three'] })],
    ]),
  ).toEqual(['applied', 'applied'])
  expect(await ann.push([insert('things', { code: 'b', owner: 'bob', title: 'x' })])).toBe('forbidden')
  const reader = createPullingClient(server, sync.manifest, 'ann')
  await reader.load()
  expect(reader.texts('things')).toEqual(['a|ann|three|by the host'])
  expect(reader.texts('countries')).toEqual(['ch|Schweiz'])
  expect(await ann.push([remove('things', { code: 'a' })])).toBe('applied')
  await reader.pull()
  expect(reader.texts('things')).toEqual([])
  const verify = await reader.ask('/verify', {
    client: reader.id,
    cursor: reader.cursor,
    table: 'memos',
    scopes: reader.scopes,
    ask: { kind: 'checksums' },
  })
  expect(verify.status).toBe(200)
  await server.prune(1)
  expect(logged).toEqual([])
})

/** Each right of the list, taken away alone. */
const ALL = [
  ...runtimeGrants(sync, { role: APP, reads: [{ schema: 'public', name: 'members' }] }),
  `GRANT USAGE ON SEQUENCE "public"."memos_n_seq" TO "${APP}"`,
]

test.each(ALL.map((grant) => [grant.replace(` TO "${APP}"`, ''), grant]))(
  '[P17.6] without %s the server is not healthy, and the cure is this grant',
  async (_, grant) => {
    await host.run(grant.replace(/^GRANT/, 'REVOKE').replace(/ TO "/, ' FROM "'))
    const { ok, problems } = await later()
    expect(ok).toBe(false)
    expect(problems.map(({ cure }) => cure)).toContain(grant)
    expect(problems.find(({ cure }) => cure === grant)?.problem).toContain(APP)
    const response = await createSyncServer(context()).app.request('/health')
    expect(response.status).toBe(503)
    expect(logged.join()).toContain(grant)
  },
)

const title = (from: string, to: string) => update('things', { code: 'a' }, { title: [from, to] })
const thing = insert('things', { code: 'b', owner: 'ann', title: 'x' })

/** A right, and changesets that need it. */
const TAKEN: [string, Change[][]][] = [
  ['UPDATE ON TABLE things', [[title('one', 'two')]]],
  ['UPDATE (title) ON TABLE things', [[title('one', 'two')]]],
  ['INSERT ON TABLE things', [[thing]]],
  ['DELETE ON TABLE things', [[remove('things', { code: 'a' }, { title: 'one' })]]],
  ['SELECT ON TABLE things', [[title('one', 'two')]]],
  ['USAGE ON SEQUENCE memos_n_seq', [[insert('memos', { code: 'n', owner: 'ann' })]]],
  ['SELECT ON TABLE members', [[thing]]],
  ['USAGE ON SCHEMA public', [[thing]]],
  ['INSERT ON TABLE landfall.conflicts', [[title('seen', 'two')]]],
  // Two stamps in one run: the log is corrected.
  ['UPDATE ON TABLE landfall.changes', [[title('one', 'two')], [thing]]],
]

test.each(TAKEN)(
  '[P17.6] %s, taken away under the server, is nobody’s rejection: the work waits, and arrives after the grant',
  async (right, changesets) => {
    await query(owner, `INSERT INTO things VALUES ('a', 'ann', 'one')`)
    const ann = pushing()
    const made = changesets.map((changes, i) => ann.make(changes, 1_000_000 + 1_000 * i))
    await host.run(`REVOKE ${right} FROM ${APP}`)
    const encode = createErrorEncoder(serverContext(), (error) => void logged.push(String(error)))
    for (let i = 0; i < 3; i++) {
      expect(encode(await failure(ann.send(made)))).toMatchObject({ code: 'server_misconfigured' })
    }
    expect(logged).toEqual([expect.stringMatching(/GRANT|Grant|server\.health/)])
    expect((await later()).ok).toBe(false)
    expect(await host.list('SELECT number FROM landfall.rejections')).toEqual([])
    await host.run(`GRANT ${right} TO ${APP}`)
    const { verdicts } = await ann.send(made)
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(made.map(() => 'applied'))
  },
)

test('[P17.6] a right that only a trigger of the host lacks is the server’s too; one that a trigger refuses is a rejection', async () => {
  await query(owner, 'CREATE TABLE audit (code text)')
  await query(
    owner,
    `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.title = 'secret' THEN RAISE EXCEPTION 'not yours' USING ERRCODE = '42501'; END IF;
      INSERT INTO audit VALUES (NEW.code);
      RETURN NULL;
    END $$`,
  )
  await query(owner, 'CREATE TRIGGER note AFTER INSERT ON things FOR EACH ROW EXECUTE FUNCTION note()')
  const ann = pushing()
  const made = [ann.make([thing])]
  expect(await failure(ann.send(made))).toMatchObject({ message: expect.stringContaining('audit') })
  await query(owner, `GRANT INSERT ON audit TO ${APP}`)
  expect((await ann.send(made)).verdicts).toMatchObject([{ outcome: 'applied' }])
  const secret = insert('things', { code: 'c', owner: 'ann', title: 'secret' })
  expect(await ann.push([secret])).toBe('forbidden')
})

test('[P17.6] a server of another app, or of a version that was never migrated, is not healthy', async () => {
  const ask = async (other: typeof sync) => {
    const one = createSyncServer({ ...context(), sync: other })
    const { problems } = await one.health()
    await one.close()
    return problems.map(({ problem }) => problem)
  }
  expect(await ask({ ...sync, name: 'shop' })).toEqual([
    'The bookkeeping schema landfall belongs to the app app, and this is shop.',
  ])
  const manifest = { ...sync.manifest, hash: 'ffffffffffffffff' }
  expect(await ask({ ...sync, manifest })).toEqual(['This version of the app was not migrated here.'])
})

test('[P17.6] a Postgres that does not answer is a problem of health, not an exception', async () => {
  const gone = await openDatabase('postgres://nobody@127.0.0.1:1/none')
  const one = createSyncServer({ ...context(), database: gone })
  expect(await one.health()).toMatchObject({ ok: false, problems: [{ problem: 'Postgres did not answer.' }] })
  await one.close()
  await gone.close()
})
