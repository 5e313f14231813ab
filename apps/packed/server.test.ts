/** The server alone, where nothing else is installed. */
import { createTestDatabase } from '@landfall/tools/postgres'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { type Consumer, createConsumer } from './support/consumer.ts'

let project: Consumer
beforeAll(() => {
  const packages = ['protocol', 'schema', 'server'].map((name) => `@landfall/${name}`)
  project = createConsumer({ tarballs: inject('tarballs'), packages })
})
afterAll(() => project.remove())

const SCRIPT = `
  import { defineSync } from '@landfall/schema'
  import { createSyncServer, migrateSync, openDatabase } from '@landfall/server'
  import { integer, pgTable, text } from 'drizzle-orm/pg-core'

  const notes = pgTable('notes', { id: integer().primaryKey(), owner: text().notNull() })
  const sync = defineSync({ tables: { notes }, scopes: { own: { notes: (t) => t.owner } } })
  const database = await openDatabase(process.argv[2])
  await database.transaction({ isolation: 'read committed', readOnly: false }, (tx) =>
    tx.query('create table notes (id integer primary key, owner text not null)'))
  await migrateSync(database, sync)
  const server = createSyncServer({ sync, database, authenticate: () => null, holders: { own: () => [] } })
  const { status } = await server.app.request('/health')
  await server.close()
  await database.close()
  console.log('health', status)
`

test('[T11.1] the server installs without a warning and starts against Postgres', async () => {
  expect(project.installed).not.toMatch(/warn/i)
  project.write('server.mjs', SCRIPT)
  const { url, drop } = await createTestDatabase('packed')
  try {
    expect(project.run('node', 'server.mjs', url)).toBe('health 200\n')
  } finally {
    await drop()
  }
})

test('[T11.2] an embedded Postgres that is not installed is an error that says what to install', () => {
  project.write(
    'embedded.mjs',
    `import { openDatabase } from '@landfall/server'
     try { await openDatabase('pglite:memory') } catch (error) { console.log(error.code, error.details.cure) }`,
  )
  expect(project.run('node', 'embedded.mjs')).toMatch(
    /^package_missing npm install @electric-sql\/pglite, or .*postgres:/,
  )
})
