/** The order of a push's writes follows the catalog's foreign keys, declared to Drizzle or not (P17.7). */
import { defineSync } from '@landfall/schema'
import { pgTable, text } from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { bookkeepingIn } from '../src/log/bookkeeping.ts'
import { DEFAULT_LIMITS } from '../src/limits.ts'
import { migrateSync } from '../src/migrate/migrate.ts'
import { systemClock, systemRandomness } from '../src/platform.ts'
import { createCatalog } from '../src/push/order/foreign-keys.ts'
import { type Host, KINDS, openHost } from './support/host.ts'
import { createPushingClient, insert, remove } from './support/push-world.ts'

// Children first, in `tables` as in their names, and no foreign key declared.
const columns = () => ({ code: text().primaryKey(), parent: text(), owner: text() })
const a = pgTable('a_grandchildren', columns())
const b = pgTable('b_children', columns())
const c = pgTable('c_parents', columns())
const sync = defineSync({
  tables: { a, b, c },
  scopes: { own: { a: (t) => t.owner, b: (t) => t.owner, c: (t) => t.owner } },
})

const TABLES = [
  'CREATE TABLE c_parents (code text PRIMARY KEY, parent text, owner text)',
  'CREATE TABLE b_children (code text PRIMARY KEY, parent text NOT NULL REFERENCES c_parents, owner text)',
  'CREATE TABLE a_grandchildren (code text PRIMARY KEY, parent text, owner text)',
]
const LATER = 'ALTER TABLE a_grandchildren ADD CONSTRAINT late FOREIGN KEY (parent) REFERENCES b_children'

describe.each(KINDS)('on %s', (kind) => {
  let host: Host
  beforeAll(async () => {
    host = await openHost(kind)
  })
  afterAll(() => host.close())
  beforeEach(async () => {
    await host.empty()
    for (const statement of TABLES) await host.run(statement)
    await migrateSync(host.database, sync)
  })

  const client = () =>
    createPushingClient(
      {
        database: host.database,
        bookkeeping: bookkeepingIn(),
        sync,
        holders: { own: ({ userId }) => [userId] },
        authorize: {},
        clock: systemClock,
        catalog: createCatalog(sync.manifest),
        randomness: systemRandomness,
        limits: { ...DEFAULT_LIMITS, pushMs: 600_000 },
      },
      'ann',
    )
  const row = (code: string, parent: string | null) => ({ code, parent, owner: 'ann' })
  const family = (first: number) => ({
    a_grandchildren: row(`${first}`, `${first + 1}`),
    b_children: row(`${first + 1}`, `${first + 2}`),
    c_parents: row(`${first + 2}`, null),
  })
  type Client = ReturnType<typeof client>
  const make = (ann: Client, first: number) =>
    ann.push(Object.entries(family(first)).map(([table, values]) => insert(table, values)))

  test('[P17.7] rows of one transaction land in the order that foreign keys of the catalog ask for', async () => {
    await host.run(LATER)
    const ann = client()
    expect(await make(ann, 1)).toBe('applied')
    const tables = Object.entries(family(1)).toReversed()
    expect(await ann.push(tables.map(([table, { code }]) => remove(table, { code })))).toBe('applied')
    expect(await host.list('SELECT code FROM c_parents')).toEqual([])
  })

  test('[P17.7] a foreign key that a migration adds counts from the next push on', async () => {
    const ann = client()
    expect(await make(ann, 1)).toBe('applied')
    await host.run(LATER)
    expect(await make(ann, 4)).toBe('applied')
    expect(await host.list('SELECT code FROM a_grandchildren ORDER BY code')).toEqual(['1', '4'])
  })
})
