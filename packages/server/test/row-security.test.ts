/** Policies of Postgres (P17.5): what they hide from the server is an error with a cure, never a row that is not there. */
import { defineSync } from '@landfall/schema'
import { pgTable, text } from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { Holders, ServerContext } from '../src/context.ts'
import { createCatalog } from '../src/push/order/foreign-keys.ts'
import type { Database } from '../src/database/database.ts'
import { runtimeGrants } from '../src/health/privileges.ts'
import { createErrorEncoder } from '../src/http/error-response.ts'
import { DEFAULT_LIMITS } from '../src/limits.ts'
import { bookkeepingIn } from '../src/log/bookkeeping.ts'
import { migrateSync } from '../src/migrate/migrate.ts'
import { systemClock, systemRandomness } from '../src/platform.ts'
import { memberOf } from '../src/scopes/member-of.ts'
import { createSyncServer } from '../src/server.ts'
import { failure, query } from './database-contract.ts'
import { type Host, openHost } from './support/host.ts'
import { createPullingClient } from './support/pulling-client.ts'
import { createPushingClient, insert, update } from './support/push-world.ts'

const things = pgTable('things', { code: text().primaryKey(), owner: text(), title: text() })
const members = pgTable('members', { owner: text().primaryKey(), member: text() })
const sync = defineSync({ tables: { things }, scopes: { own: { things: (t) => t.owner } } })
const holders: Holders = { own: memberOf(members, { user: (m) => m.member, key: (m) => m.owner }) }

const TABLES = [
  'CREATE TABLE things (code text PRIMARY KEY, owner text, title text)',
  'CREATE INDEX ON things (owner)',
  'CREATE TABLE members (owner text PRIMARY KEY, member text)',
  `INSERT INTO members VALUES ('ann', 'ann')`,
  `INSERT INTO things VALUES ('a', 'ann', 'one'), ('b', 'ann', 'two')`,
]

const suffix = crypto.randomUUID().slice(0, 8)
const [OWNER, APP, SEER] = [`owner_${suffix}`, `app_${suffix}`, `seer_${suffix}`]

let host: Host
let owner: Database
let logged: string[]

beforeAll(async () => {
  host = await openHost('postgres', [
    `CREATE ROLE ${OWNER} LOGIN`,
    `CREATE ROLE ${APP} LOGIN`,
    `CREATE ROLE ${SEER} LOGIN BYPASSRLS`,
  ])
  owner = await host.as(OWNER)
})
afterAll(async () => {
  await host.empty()
  await host.run(`DROP OWNED BY ${OWNER}, ${APP}, ${SEER}`)
  await host.run(`DROP ROLE ${OWNER}, ${APP}, ${SEER}`)
  await host.close()
})
beforeEach(async () => {
  logged = []
  await host.empty()
  await host.run(`GRANT USAGE, CREATE ON SCHEMA public TO ${OWNER}`)
  await host.run(`CREATE SCHEMA landfall AUTHORIZATION ${OWNER}`)
  for (const statement of TABLES) await query(owner, statement)
})

const reads = [{ schema: 'public', name: 'members' }]

async function migrated(): Promise<void> {
  await migrateSync(owner, sync)
  for (const role of [APP, SEER]) {
    for (const statement of runtimeGrants(sync, { role, reads })) await host.run(statement)
  }
}

/** One row is anybody's, the others are hidden. */
const POLICY = [
  'CREATE POLICY a_few ON things USING (code = current_user)',
  'ALTER TABLE things ENABLE ROW LEVEL SECURITY',
]
const HIDDEN = expect.stringMatching(/Row-level security hides rows of "public"\."(things|members)"/)

function contextOf(database: Database): ServerContext {
  return {
    database,
    bookkeeping: bookkeepingIn(),
    sync,
    holders,
    authorize: {},
    catalog: createCatalog(sync.manifest),
    clock: systemClock,
    randomness: systemRandomness,
    limits: DEFAULT_LIMITS,
  }
}

/** What a fresh device of ann's holds, or the code of the error; and what health says. */
async function serve(database: Database) {
  const server = createSyncServer({
    ...contextOf(database),
    authenticate: () => ({ userId: 'ann' }),
    onError: (error) => logged.push(String(error)),
  })
  const device = createPullingClient(server, sync.manifest, 'ann')
  const loaded = await device.load().then(
    () => device.texts('things'),
    (error: unknown) => /"code":"(\w+)"/.exec(String(error))?.[1],
  )
  const { problems } = await server.health()
  await server.close()
  return { loaded, problems: problems.map(({ problem }) => problem) }
}

const ROWS = ['a|ann|one', 'b|ann|two']
const refused = {
  code: 'database_invalid',
  details: { problems: [{ problem: HIDDEN, cure: expect.stringContaining('BYPASSRLS') }] },
}

test('[P17.5] FORCE ROW LEVEL SECURITY is refused by migrateSync, by name, with the cure; a role that bypasses it works', async () => {
  for (const statement of [...POLICY, 'ALTER TABLE things FORCE ROW LEVEL SECURITY'])
    await query(owner, statement)
  expect(await failure(migrateSync(owner, sync))).toMatchObject(refused)
  await host.run(`ALTER ROLE ${OWNER} BYPASSRLS`)
  await migrated()
  expect(await serve(owner)).toEqual({ loaded: ROWS, problems: [] })
  await host.run(`ALTER ROLE ${OWNER} NOBYPASSRLS`)
  const found = await serve(owner)
  expect(found).toEqual({ loaded: 'server_misconfigured', problems: [HIDDEN] })
  expect(logged.join()).toContain('FORCE ROW LEVEL SECURITY')
})

test('[P17.5] with a policy on a synced table the owner and a role that bypasses it serve, another role is told', async () => {
  await migrated()
  for (const statement of POLICY) await query(owner, statement)
  expect((await migrateSync(owner, sync)).captured).toEqual([])
  expect(await serve(owner)).toEqual({ loaded: ROWS, problems: [] })
  expect(await serve(await host.as(SEER))).toEqual({ loaded: ROWS, problems: [] })
  expect(await serve(await host.as(APP))).toEqual({ loaded: 'server_misconfigured', problems: [HIDDEN] })
})

test('[P17.5] a policy that begins under a running device is an error of its pull and verify, and takes no row away', async () => {
  await migrated()
  const app = await host.as(APP)
  const server = createSyncServer({
    ...contextOf(app),
    authenticate: () => ({ userId: 'ann' }),
    onError: () => {},
  })
  const device = createPullingClient(server, sync.manifest, 'ann')
  await device.load()
  for (const statement of POLICY) await query(owner, statement)
  await query(owner, `UPDATE things SET title = 'new'`)
  expect(String(await failure(device.pull()))).toContain('server_misconfigured')
  const verify = {
    client: device.id,
    cursor: device.cursor,
    table: 'things',
    scopes: device.scopes,
    ask: { kind: 'checksums' },
  }
  expect(await (await device.ask('/verify', verify)).text()).toContain('server_misconfigured')
  expect(device.texts('things')).toEqual(ROWS)
  await query(owner, 'ALTER TABLE things DISABLE ROW LEVEL SECURITY')
  await device.pull()
  expect(device.texts('things')).toEqual(['a|ann|new', 'b|ann|new'])
  await server.close()
})

test.each([
  ['a synced table', POLICY],
  [
    'a table that holders read',
    ['CREATE POLICY none ON members USING (false)', 'ALTER TABLE members ENABLE ROW LEVEL SECURITY'],
  ],
])(
  '[P17.5] a policy on %s is nobody’s rejection: the push fails, and lands once it is gone',
  async (_, policy) => {
    await migrated()
    const context = contextOf(await host.as(APP))
    const ann = createPushingClient(context, 'ann')
    for (const statement of policy) await query(owner, statement)
    const made = [ann.make([update('things', { code: 'a' }, { title: ['one', 'mine'] })])]
    const encode = createErrorEncoder(context, (error) => logged.push(String(error)))
    expect(encode(await failure(ann.send(made)))).toMatchObject({ code: 'server_misconfigured' })
    expect(logged).toEqual([expect.stringContaining('BYPASSRLS')])
    expect(await host.list('SELECT number FROM landfall.rejections')).toEqual([])
    for (const table of ['things', 'members'])
      await query(owner, `ALTER TABLE ${table} DISABLE ROW LEVEL SECURITY`)
    expect((await ann.send(made)).verdicts).toMatchObject([{ outcome: 'applied' }])
  },
)

test('[P17.5] a trigger of the host that writes a table with policies does inside a push what it does in psql', async () => {
  await query(owner, 'CREATE TABLE audit (code text, who text DEFAULT current_user, seen boolean)')
  await query(
    owner,
    `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO audit (code) VALUES (NEW.code);
      UPDATE audit SET seen = true WHERE code = NEW.code;
      RETURN NULL;
    END $$`,
  )
  await query(owner, 'CREATE TRIGGER note AFTER INSERT ON things FOR EACH ROW EXECUTE FUNCTION note()')
  await query(owner, `CREATE POLICY mine ON audit USING (who = current_user) WITH CHECK (code <> 'bad')`)
  await query(owner, 'ALTER TABLE audit ENABLE ROW LEVEL SECURITY')
  await query(owner, `GRANT SELECT, INSERT, UPDATE ON audit TO ${APP}`)
  await migrated()
  const app = await host.as(APP)
  await query(app, `INSERT INTO things VALUES ('psql', 'ann', 'x')`)
  const ann = createPushingClient(contextOf(app), 'ann')
  const make = (code: string) => ann.push([insert('things', { code, owner: 'ann', title: 'x' })])
  expect(await make('ours')).toBe('applied')
  expect(await host.list(`SELECT code || ' ' || seen FROM audit ORDER BY code`)).toEqual([
    'ours true',
    'psql true',
  ])
  // The policy's own refusal is the host's rule, hence the changeset's.
  expect(await failure(query(app, `INSERT INTO things VALUES ('bad', 'ann', 'x')`))).toMatchObject({
    sqlstate: '42501',
  })
  expect(await make('bad')).toBe('forbidden')
})
