/** The order of a push's writes follows the catalog's foreign keys, declared to Drizzle or not (P17.7). */
import { defineSync } from '@landfall/schema'
import { pgTable, text } from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { References } from '../src/catalog/references.ts'
import { bookkeepingIn } from '../src/log/bookkeeping.ts'
import { DEFAULT_LIMITS } from '../src/limits.ts'
import { migrateSync } from '../src/migrate/migrate.ts'
import { systemRandomness } from '../src/platform.ts'
import { type Host, KINDS, openHost } from './support/host.ts'
import { createPushingClient, insert, remove } from './support/push-world.ts'
import { createVirtualClock } from './support/virtual-clock.ts'

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
const LATER =
  'ALTER TABLE a_grandchildren ADD CONSTRAINT late FOREIGN KEY (parent) REFERENCES b_children DEFERRABLE'

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

  test('[P17.7] rows of one transaction land in the order that foreign keys of the catalog ask for', async () => {
    await host.run(LATER.replace(' DEFERRABLE', ''))
    const clock = createVirtualClock()
    const references = new References(sync.manifest, clock)
    const ann = createPushingClient(
      {
        database: host.database,
        bookkeeping: bookkeepingIn(),
        sync,
        holders: { own: ({ userId }) => [userId] },
        authorize: {},
        clock,
        references,
        randomness: systemRandomness,
        limits: { ...DEFAULT_LIMITS, pushMs: 600_000 },
      },
      'ann',
    )
    const row = (code: string, parent: string | null) => ({ code, parent, owner: 'ann' })
    const rows = { a_grandchildren: row('1', '2'), b_children: row('2', '3'), c_parents: row('3', null) }
    expect(await ann.push(Object.entries(rows).map(([table, values]) => insert(table, values)))).toBe(
      'applied',
    )
    const tables = Object.entries(rows).toReversed()
    expect(await ann.push(tables.map(([table, { code }]) => remove(table, { code })))).toBe('applied')
    expect(await host.list('SELECT code FROM c_parents')).toEqual([])
  })

  test('[P17.7] a foreign key that a migration adds is known within ten seconds, with what there is to know of it', async () => {
    const clock = createVirtualClock()
    const references = new References(sync.manifest, clock)
    const read = () =>
      host.database.transaction({ isolation: 'read committed', readOnly: true }, (tx) => references.read(tx))
    const first = {
      table: 'b_children',
      columns: ['parent'],
      parent: 'c_parents',
      parentColumns: ['code'],
      nullable: false,
      deferrable: false,
    }
    expect(await read()).toEqual([first])
    await host.run(LATER)
    expect(await read()).toEqual([first])
    clock.advance(10_000)
    const late = {
      ...first,
      table: 'a_grandchildren',
      parent: 'b_children',
      nullable: true,
      deferrable: true,
    }
    expect(await read()).toEqual([first, late])
  })
})
