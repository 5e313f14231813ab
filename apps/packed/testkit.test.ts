/** The engine in Node, from the packed packages: a world of the testkit, and the client without a browser. */
import { createTestDatabase } from '@landfall/tools/postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type Consumer, createConsumer } from './support/consumer.ts'

const OURS = ['protocol', 'schema', 'engine', 'client', 'server', 'testkit']

let project: Consumer
beforeAll(() => {
  const packages = OURS.map((name) => `@landfall/${name}`)
  project = createConsumer({ tarballs: inject('tarballs'), packages })
  project.write('sync.mjs', SYNC)
})
afterAll(() => project.remove())

const SYNC = `
  import { defineSync } from '@landfall/schema'
  import { integer, pgTable, text } from 'drizzle-orm/pg-core'

  const notes = pgTable('notes', { id: integer().primaryKey(), owner: text().notNull() })
  export const sync = defineSync({ tables: { notes }, scopes: { own: { notes: (t) => t.owner } } })
`

const WORLD = `
  import { openDatabase } from '@landfall/server'
  import { createWorld } from '@landfall/testkit'
  import { sync } from './sync.mjs'

  const database = await openDatabase(process.argv[2])
  await database.transaction({ isolation: 'read committed', readOnly: false }, (tx) =>
    tx.query('create table notes (id integer primary key, owner text not null)'))
  const world = await createWorld({ sync, database, holders: { own: ({ userId }) => [userId] } })
  const phone = await world.open('phone', { user: 'ada' })
  const laptop = await world.open('laptop', { user: 'ada' })
  await world.drain()
  await phone.run("insert into notes values (1, 'ada')")
  await world.drain()
  console.log(JSON.stringify(await laptop.rows('select * from notes')))
  await world.close()
  await database.close()
`

const NODE = `
  import { openLandfall } from '@landfall/client/node'
  import { sync } from './sync.mjs'

  const db = await openLandfall({ sync, url: 'http://localhost:1', file: ':memory:', getToken: () => null })
  await db.run("insert into notes values (1, 'ada')")
  console.log(JSON.stringify(await db.all('select * from notes')))
  await db.close()
`

test('[T11.1] the testkit installs without a warning and without a browser, and two devices sync', async () => {
  expect(project.installed).not.toMatch(/warn/i)
  expect(project.run('ls', 'node_modules')).not.toMatch(/playwright|pglite|sqlite/)
  project.write('world.mjs', WORLD)
  const { url, drop } = await createTestDatabase('packed')
  try {
    expect(JSON.parse(project.run('node', 'world.mjs', url))).toHaveLength(1)
  } finally {
    await drop()
  }
})

test('[T11.1] the client works in Node, on the SQLite that the engine carries', () => {
  project.write('node.mjs', NODE)
  expect(JSON.parse(project.run('node', 'node.mjs'))).toEqual([{ id: 1, owner: 'ada' }])
})
