/** Two apps capture the same tables of one database, each with a bookkeeping schema of its own. */
import { defineSync } from '@landfall/schema'
import { integer, text } from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import type { ServerContext } from '../src/context.ts'
import { bookkeepingIn } from '../src/log/bookkeeping.ts'
import { functionName } from '../src/log/capture-names.ts'
import { migrateSync } from '../src/migrate/migrate.ts'
import { releaseSync } from '../src/migrate/release.ts'
import { createSyncServer, type SyncServer } from '../src/server.ts'
import { createPullingClient } from './support/pulling-client.ts'
import { createPushingClient, createPushWorld, insert, type PushWorld, update } from './support/push-world.ts'
import { shop, shopHolders } from './support/shop.ts'

let world: PushWorld
let second: ServerContext
let servers: SyncServer[]

beforeAll(async () => {
  world = await createPushWorld()
  await migrateSync(world.database, shop, { schema: 'second' })
  second = { ...world.context, bookkeeping: bookkeepingIn('second') }
  const options = {
    sync: shop,
    database: world.database,
    holders: shopHolders,
    authorize: { members: () => true },
    authenticate: () => ({ userId: 'ann' }),
  }
  servers = [createSyncServer(options), createSyncServer({ ...options, schema: 'second' })]
})
afterAll(async () => {
  for (const server of servers) await server.close()
  await world.close()
})
beforeEach(async () => {
  await world.refill()
  await world.run('DELETE FROM second.changes')
})

const log = (schema: string) =>
  world.run(
    `SELECT op, tbl, client, (hlc >> 16)::text AS ms FROM ${schema}.changes WHERE tbl = 'items' ORDER BY seq`,
  )

test('[P17.3] a push through one app is logged for both, and only its own app knows whose it was and when', async () => {
  const [ann, ben] = [world.client('ann'), createPushingClient(second, 'ann')]
  expect(await ann.push([insert('items', { id: '1', project_id: '1', title: 'a' })], 1_000_000)).toBe(
    'applied',
  )
  expect(await ben.push([update('items', { id: '1' }, { title: ['a', 'b'] })], 2_000_000)).toBe('applied')
  expect(await log('landfall')).toEqual([
    { op: 'i', tbl: 'items', client: ann.id, ms: '1000000' },
    { op: 'u', tbl: 'items', client: null, ms: expect.stringMatching(/^\d{13}$/) },
  ])
  expect(await log('second')).toEqual([
    { op: 'i', tbl: 'items', client: null, ms: expect.stringMatching(/^\d{13}$/) },
    { op: 'u', tbl: 'items', client: ben.id, ms: '2000000' },
  ])
  expect(await world.run('SELECT client, last_number::text FROM second.clients')).toEqual([
    { client: ben.id, last_number: '1' },
  ])
})

test('[P17.3] a device of either app pulls what the other app and other programs write', async () => {
  const clients = servers.map((server) => createPullingClient(server, shop.manifest, 'ann'))
  for (const client of clients) await client.load()
  await world.client('ann').push([insert('items', { id: '1', project_id: '1', title: 'first' })])
  await createPushingClient(second, 'ann').push([
    insert('items', { id: '2', project_id: '1', title: 'second' }),
  ])
  await world.run(`INSERT INTO items (id, project_id, title) VALUES (3, 2, 'psql')`)
  for (const client of clients) {
    await client.pull()
    expect(client.texts('items').map((row) => row.match(/first|second|psql/)?.[0])).toEqual([
      'first',
      'second',
      'psql',
    ])
  }
})

test('[P17.3] migrating one app again, or letting go of its tables, leaves the other app’s triggers alone', async () => {
  const triggers = async () =>
    (
      await world.run(`
        SELECT n.nspname || ' ' || count(*) AS line
        FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname IN ('landfall', 'second') GROUP BY n.nspname ORDER BY 1`)
    ).map(({ line }) => line)
  expect(await triggers()).toEqual(['landfall 20', 'second 20'])
  expect(await migrateSync(world.database, shop)).toMatchObject({ captured: [], others: [] })
  expect(await migrateSync(world.database, shop, { schema: 'second' })).toMatchObject({ captured: [] })
  const tables = ['countries', 'items', 'members', 'steps']
  expect((await releaseSync(world.database, { schema: 'second', tables })).released).toEqual(tables)
  expect(await triggers()).toEqual(['landfall 20', 'second 4'])
  await migrateSync(world.database, shop, { schema: 'second' })
  expect(await triggers()).toEqual(['landfall 20', 'second 20'])
})

test.each(['', 'Second', '1st', 'pg_second', 'a-b', "a'b", 'é', 'a'.repeat(41)])(
  '[P17.3] %j names no bookkeeping schema',
  (schema) => {
    const refused = expect.objectContaining({ code: 'schema_invalid' })
    expect(() => bookkeepingIn(schema)).toThrow(refused)
  },
)

test('[P17.1] functions are named by the table’s schema and name, in 63 bytes and without confusion', () => {
  const name = (schema: string, table: string) => functionName('truncate', { schema, name: table })
  const long = 'x'.repeat(62)
  const wide = '\u{1F333}'.repeat(15)
  const pairs: [string, string][] = [
    ['public', 'items'],
    ['other', 'items'],
    ['a.b', 'c'],
    ['a', 'b.c'],
    ['public', `${long}a`],
    ['public', `${long}b`],
    ['other', `${long}a`],
    [wide, wide],
    [wide, `${wide}x`],
  ]
  const names = pairs.map(([schema, table]) => name(schema, table))
  expect(new Set(names).size).toBe(pairs.length)
  for (const each of names) expect(Buffer.byteLength(each)).toBeLessThanOrEqual(63)
  expect(names[0]).toBe('capture_truncate public.items')
})

test('[P17.1] two tables of one name in two schemas, synced by two apps, are captured each by its own function', async () => {
  await world.run('CREATE SCHEMA branch')
  await world.run('CREATE TABLE branch.projects (id int PRIMARY KEY, owner text)')
  const { pgSchema } = await import('drizzle-orm/pg-core')
  const projects = pgSchema('branch').table('projects', { id: integer().primaryKey(), owner: text() })
  const branch = defineSync({ tables: { projects }, scopes: { own: { projects: (t) => t.owner } } })
  await migrateSync(world.database, branch, { schema: 'third' })
  await world.run(`INSERT INTO branch.projects VALUES (9, 'ann')`)
  await world.run(`INSERT INTO projects VALUES (10, 'ten', 'ann')`)
  expect(await world.run(`SELECT key[1] AS key FROM third.changes WHERE op <> 'm'`)).toEqual([{ key: '9' }])
  expect(
    await world.run(`SELECT DISTINCT key[1] AS key FROM landfall.changes WHERE key[1] IN ('9', '10')`),
  ).toEqual([{ key: '10' }])
})
