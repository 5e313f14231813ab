/** One key, one spelling: whatever a holder calls it, its scope's rows come, and go on coming; on a real Postgres. */
import { defineSync } from '@landfall/schema'
import { createTestDatabase } from '@landfall/tools/postgres'
import { sql } from 'drizzle-orm'
import * as pg from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Holder } from '../src/context.ts'
import type { Database } from '../src/database/database.ts'
import { openDatabase } from '../src/database/open-database.ts'
import { migrateSync } from '../src/migrate/migrate.ts'
import { memberOf } from '../src/scopes/member-of.ts'
import { createSyncServer, type SyncServer } from '../src/server.ts'
import { createPullingClient } from './support/pulling-client.ts'
import { authenticate } from './support/world.ts'

const id = pg.integer().primaryKey()
const ID = '9f1a2b3c-0000-4000-8000-00000000abcd'

const uuids = pg.pgTable('uuids', { id, key: pg.uuid(), body: pg.text() })
const chars = pg.pgTable('chars', { id, key: pg.char({ length: 5 }), body: pg.text() })
const varchars = pg.pgTable('varchars', { id, key: pg.varchar({ length: 8 }), body: pg.text() })
const numerics = pg.pgTable('numerics', {
  id,
  key: pg.numeric({ precision: 10, scale: 2 }),
  body: pg.text(),
})
const bigints = pg.pgTable('bigints', { id, key: pg.bigint({ mode: 'bigint' }), body: pg.text() })
const dates = pg.pgTable('dates', { id, key: pg.date(), body: pg.text() })
const bools = pg.pgTable('bools', { id, key: pg.boolean(), body: pg.text() })
const bytes = pg.pgTable('bytes', {
  id,
  key: pg.customType<{ data: Uint8Array }>({ dataType: () => 'bytea' })(),
  body: pg.text(),
})
const tables = { uuids, chars, varchars, numerics, bigints, dates, bools, bytes }
type Name = keyof typeof tables

/** Not synced. */
const guests = pg.pgTable('guests', { who: pg.varchar({ length: 5 }), key: pg.text() })

const sync = defineSync({
  tables,
  scopes: {
    uuids: { uuids: (t) => t.key },
    chars: { chars: (t) => t.key },
    varchars: { varchars: (t) => t.key },
    numerics: { numerics: (t) => t.key },
    bigints: { bigints: (t) => t.key },
    dates: { dates: (t) => t.key },
    bools: { bools: (t) => t.key },
    bytes: { bytes: (t) => t.key },
  },
})

const TYPES: Record<Name, [type: string, stored: string]> = {
  uuids: ['uuid', ID],
  chars: ['char(5)', 'ab'],
  varchars: ['varchar(8)', 'abcdefgh'],
  numerics: ['numeric(10,2)', '7'],
  bigints: ['bigint', '7'],
  dates: ['date', '2026-01-05'],
  bools: ['boolean', 't'],
  bytes: ['bytea', '\\xab01'],
}

let database: Database
let drop: () => Promise<void>
const run = (text: string) =>
  database.transaction({ isolation: 'read committed', readOnly: false }, (tx) => tx.query(text))

beforeAll(async () => {
  const fresh = await createTestDatabase('keys')
  drop = fresh.drop
  database = await openDatabase(fresh.url, { connections: 3 })
  for (const [name, [type, stored]] of Object.entries(TYPES)) {
    await run(`CREATE TABLE ${name} (id int PRIMARY KEY, key ${type}, body text)`)
    await run(`INSERT INTO ${name} VALUES (1, '${stored}', 'first'), (2, NULL, 'of nobody')`)
  }
  await run('CREATE TABLE guests (who varchar(5), key text)')
  await run(`INSERT INTO guests VALUES ('ann', '${ID}'), ('anna-', '${ID}')`)
  await migrateSync(database, sync)
})
afterAll(async () => {
  await database.close()
  await drop()
})

function serve(name: Name, holder: Holder, onError: (error: unknown) => void = () => {}): SyncServer {
  const none = Object.fromEntries(Object.keys(tables).map((scope) => [scope, () => []]))
  return createSyncServer({ sync, database, authenticate, holders: { ...none, [name]: holder }, onError })
}

async function arrives(name: Name, holder: Holder, user = 'ann'): Promise<string[]> {
  const client = createPullingClient(serve(name, holder), sync.manifest, user)
  await client.load()
  const body = `now ${client.id}`
  await run(`UPDATE ${name} SET body = '${body}'`)
  await client.pull()
  return client.texts(name).map((text) => text.replace(body, 'now'))
}

const SPELLINGS: [name: Name, printed: string, spellings: string[]][] = [
  ['uuids', ID, [ID, ID.toUpperCase(), `{${ID}}`, ID.replaceAll('-', '')]],
  ['chars', 'ab', ['ab', 'ab ', 'ab   ']],
  ['varchars', 'abcdefgh', ['abcdefgh']],
  ['numerics', '7.00', ['7', '7.0', '007', '+7', '7.00000', '70e-1']],
  ['bigints', '7', ['7', '007', '+7']],
  ['dates', '2026-01-05', ['2026-01-05']],
  ['bools', 'true', ['t', 'true', 'TRUE']],
  ['bytes', '\\xab01', ['\\xab01', '\\xAB01']],
]

test.each(SPELLINGS)(
  '[P4.11] every spelling of a key of %s is one scope',
  async (name, printed, spellings) => {
    for (const spelling of spellings) {
      const expected = [`1|${printed}|now`]
      expect(await arrives(name, () => [spelling])).toEqual(expected)
      expect(await arrives(name, { reads: [], keys: () => sql`select ${spelling}::text` })).toEqual(expected)
      const [row] = await run(`SELECT '${spelling}'::${TYPES[name][0]}::text AS printed`)
      expect(row?.['printed']).toBe(printed)
    }
  },
)

test.each<[Name, string[]]>([
  ['uuids', ['auth0|7', `${ID}0`, '']],
  ['chars', ['abcdefgh']],
  ['numerics', ['7.005', '999999999', 'seven', '']],
  ['bigints', ['7.0', '99999999999999999999', '7x', '']],
  ['dates', ['tomorrowish']],
  ['bools', ['perhaps']],
  ['bytes', ['ab']],
])('[P4.11] what is no key of %s is an error, never a scope without rows', async (name, keys) => {
  for (const key of keys) {
    const told: unknown[] = []
    const server = serve(
      name,
      () => [key],
      (error) => told.push(error),
    )
    const client = createPullingClient(server, sync.manifest, 'ann')
    await expect(client.load()).rejects.toThrow('scope_key_invalid')
    expect(told).toHaveLength(1)
  }
})

test('[P4.11] a key that is too long for the column is not the key that it begins with', async () => {
  expect(await arrives('varchars', () => ['abcdefghij'])).toEqual([])
})

test('[P4.3] memberOf gives the keys of the user, and of nobody whose name begins alike', async () => {
  const holder = memberOf(guests, { user: (g) => g.who, key: (g) => g.key })
  expect(await arrives('uuids', holder)).toEqual([`1|${ID}|now`])
  expect(await arrives('uuids', holder, 'anna')).toEqual([])
  expect(await arrives('uuids', holder, 'annabel')).toEqual([])
})
