/**
 * Several versions of an app, in whatever order their processes start, and several apps: nobody lets go of what is
 * another's, and `releaseSync` lets go of everything.
 */
import { defineSync } from '@landfall/schema'
import { integer, pgSchema, pgTable, text } from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { AppVersion } from '../src/migrate/manifests.ts'
import { migrateSync } from '../src/migrate/migrate.ts'
import { releaseSync } from '../src/migrate/release.ts'
import { failure } from './database-contract.ts'
import { type Host, KINDS, openHost } from './support/host.ts'

const TABLES = [
  'CREATE TABLE items (id int PRIMARY KEY, owner text, title text, note text, team text)',
  'CREATE TABLE steps (id int PRIMARY KEY, owner text)',
  'CREATE TABLE drafts (id int PRIMARY KEY, owner text)',
]

const id = () => integer().primaryKey()
const items = pgTable('items', { id: id(), owner: text(), title: text() })
const itemsLater = pgTable('items', { id: id(), owner: text(), note: text(), team: text() })
const steps = pgTable('steps', { id: id(), owner: text() })
const drafts = pgTable('drafts', { id: id(), owner: text() })

const first = defineSync({
  tables: { items, drafts },
  scopes: { own: { items: (t) => t.owner, drafts: (t) => t.owner } },
})
/** Syncs other columns of `items`, has it in another scope, knows `steps`, and no `drafts`. */
const second = defineSync({
  tables: { items: itemsLater, steps },
  scopes: { team: { items: (t) => t.team }, own: { steps: (t) => t.owner } },
})

const VERSIONS: { [name: string]: AppVersion } = { first, second }

describe.each(KINDS)('versions on %s', (kind) => {
  let host: Host
  beforeAll(async () => {
    host = await openHost(kind)
  })
  afterAll(() => host.close())
  beforeEach(async () => {
    await host.empty()
    for (const statement of TABLES) await host.run(statement)
  })

  const migrate = (version: AppVersion, options: Parameters<typeof migrateSync>[2] = {}) =>
    migrateSync(host.database, version, options)
  const inOrder = (lines: readonly (string | null)[]) =>
    lines.map(String).toSorted((a, b) => (a < b ? -1 : 1))
  const functions = () =>
    host.list(`
      SELECT proname || ' ' || xmin || ' ' || md5(prosrc) FROM pg_proc
      WHERE pronamespace = 'landfall'::regnamespace AND prorettype = 'trigger'::regtype ORDER BY 1`)
  const logged = () =>
    host.list(`SELECT op::text || ' ' || tbl || ' ' || scope FROM landfall.changes`).then(inOrder)

  /** Writes to everything that either version syncs. */
  async function write(): Promise<void> {
    await host.run('DELETE FROM landfall.changes')
    await host.run(`INSERT INTO items VALUES (1, 'ann', 'a', 'n', 'red')`)
    await host.run(`UPDATE items SET title = 'b'`)
    await host.run(`UPDATE items SET note = 'm'`)
    await host.run(`INSERT INTO steps VALUES (1, 'ann')`)
    await host.run(`INSERT INTO drafts VALUES (1, 'ann')`)
    for (const table of ['items', 'steps', 'drafts']) await host.run(`DELETE FROM ${table}`)
  }

  /** In the scopes of both versions. */
  const ALL = inOrder([
    ...['d', 'i'].map((op) => `${op} drafts own:ann`),
    ...['d', 'i', 'u', 'u'].flatMap((op) => [`${op} items own:ann`, `${op} items team:red`]),
    ...['d', 'i'].map((op) => `${op} steps own:ann`),
  ])

  test.each([
    [['first', 'second']],
    [['first', 'second', 'first']],
    [['first', 'second', 'first', 'second']],
    [['second', 'first']],
    [['second', 'first', 'second']],
    [['first', 'first', 'second', 'second', 'first']],
  ])(
    '[P17.4] after processes of two versions have started as %j, both hear of every write',
    async (order) => {
      for (const name of order) await migrate(VERSIONS[name] ?? first)
      await write()
      expect(await logged()).toEqual(ALL)
    },
  )

  test('[P17.4] an older version that starts again replaces no function of a newer one, and mends what was switched off', async () => {
    await migrate(first)
    await migrate(second)
    const before = await functions()
    expect(await migrate(first)).toMatchObject({ captured: [], others: ['steps'] })
    expect(await functions()).toEqual(before)
    await host.run('ALTER TABLE items DISABLE TRIGGER ALL')
    expect(await migrate(first)).toMatchObject({ captured: ['items'] })
    await write()
    expect(await logged()).toEqual(ALL)
    expect((await migrate(second)).captured).toEqual([])
  })

  test('[P17.4] a version is the newest from its first migration on, or once it was activated', async () => {
    const order = () => host.list('SELECT hash FROM landfall.manifests ORDER BY place DESC')
    const [one, two] = [first.manifest.hash, second.manifest.hash]
    await migrate(first)
    await migrate(second)
    await migrate(first)
    expect(await order()).toEqual([two, one])
    await migrate(first, { activate: true })
    expect(await order()).toEqual([one, two])
    await migrate(first, { activate: true })
    await migrate(second)
    expect(await order()).toEqual([one, two])
    await migrate(second, { activate: true })
    expect(await order()).toEqual([two, one])
  })

  test('[P17.4] scopes of a version count for a day after it was last served, columns for thirty, tables until they are released', async () => {
    await migrate(first)
    await migrate(second)
    await host.run(`UPDATE landfall.manifests SET last_served = now() - interval '25 hours'`)
    expect((await migrate(second)).captured).toEqual(['items'])
    await write()
    const others = ALL.filter((line) => !line.includes('items own'))
    expect(await logged()).toEqual(others)
    await host.run(`UPDATE landfall.manifests SET last_served = now() - interval '31 days'`)
    expect(await migrate(second)).toMatchObject({ captured: ['items'], others: ['drafts'] })
    await write()
    // The update of `title` alone, which only the first version has.
    expect(await logged()).toEqual(others.filter((line, i) => others.indexOf(line) === i))
    expect(await releaseSync(host.database, { tables: ['drafts'] })).toEqual({
      released: ['drafts'],
      dropped: false,
    })
    expect((await migrate(second)).others).toEqual([])
  })

  test('[P17.4] columns of another version that the table has no more, or as another type, are left out', async () => {
    await migrate(first)
    await host.run('ALTER TABLE items DROP COLUMN title')
    await host.run('ALTER TABLE items ALTER COLUMN owner TYPE int USING 1')
    const now = defineSync({
      tables: { items: pgTable('items', { id: id(), owner: integer(), note: text() }) },
      scopes: { own: { items: (t) => t.owner } },
    })
    await migrate(now)
    await host.run('DELETE FROM landfall.changes')
    await host.run(`INSERT INTO items VALUES (1, 7, 'n', 'red')`)
    expect(await logged()).toEqual(['i items own:7'])
  })

  test('[P17.4] two processes of two versions that migrate at once keep both in the log', async () => {
    await Promise.all([migrate(first), migrate(second), migrate(first), migrate(second)])
    await migrate(first)
    await write()
    expect(await logged()).toEqual(ALL)
  })

  test('[P17.4] a bookkeeping schema belongs to one app: another name, or none of its tables, is refused with the cure', async () => {
    await migrate(first)
    const named = defineSync({
      name: 'shop',
      tables: { items },
      scopes: { own: { items: (t) => t.owner } },
    })
    const stranger = defineSync({ tables: { steps }, scopes: { own: { steps: (t) => t.owner } } })
    for (const [version, owner] of [
      [named, 'app'],
      [stranger, 'app'],
    ] as const) {
      expect(await failure(migrate(version))).toMatchObject({
        code: 'bookkeeping_taken',
        details: {
          schema: 'landfall',
          name: version.name,
          owner,
          cure: expect.stringContaining('releaseSync'),
        },
      })
    }
    expect(await host.list('SELECT name FROM landfall.manifests')).toEqual(['app'])
    await migrate(named, { schema: 'shop' })
    await migrate(stranger, { schema: 'stranger' })
    await releaseSync(host.database)
    await migrate(named)
    expect(await failure(migrate(first))).toMatchObject({ code: 'bookkeeping_taken' })
  })

  test('[P17.4] releaseSync takes away all that migrateSync has made, of one app only, and can run again', async () => {
    await migrate(first)
    await migrate(second)
    await migrate(first, { schema: 'other' })
    const made = () =>
      host.list(`
        SELECT n.nspname || ' ' || count(*)
        FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE NOT t.tgisinternal GROUP BY n.nspname ORDER BY 1`)
    expect(await made()).toEqual(['landfall 12', 'other 8'])
    const released = ['drafts', 'items', 'steps']
    expect(await releaseSync(host.database)).toEqual({ released, dropped: true })
    expect(await made()).toEqual(['other 8'])
    expect(await host.list(`SELECT to_regnamespace('landfall')::text`)).toEqual([null])
    expect(await releaseSync(host.database)).toEqual({ released: [], dropped: true })
    await host.run(`INSERT INTO items VALUES (1, 'ann', 'a', 'n', 'red')`)
    expect((await migrate(second)).captured.toSorted()).toEqual(['items', 'steps'])
  })

  test('[P17.4] releaseSync lets go of a table by its name, with its partitions', async () => {
    await host.run('CREATE SCHEMA "The shop"')
    await host.run('CREATE TABLE "The shop".parts (id int PRIMARY KEY, owner text) PARTITION BY RANGE (id)')
    await host.run('CREATE TABLE "The shop".low PARTITION OF "The shop".parts FOR VALUES FROM (0) TO (10)')
    const parts = pgSchema('The shop').table('parts', { id: id(), owner: text() })
    const sync = defineSync({
      tables: { items, parts },
      scopes: { own: { items: (t) => t.owner, parts: (t) => t.owner } },
    })
    await migrate(sync)
    expect(await releaseSync(host.database, { tables: ['The shop.parts'] })).toMatchObject({
      released: ['parts'],
    })
    expect(
      await host.list(`SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal`),
    ).toEqual(['items'])
    expect((await functions()).length).toBe(4)
    expect(await failure(releaseSync(host.database, { tables: ['parts'] }))).toMatchObject({
      code: 'not_found',
    })
    expect((await migrate(sync)).captured).toEqual(['parts'])
  })

  test('[P17.4] releaseSync drops nothing of the host’s: what depends on the log is named, what lies beside it stays', async () => {
    await migrate(first)
    await host.run('CREATE VIEW latest AS SELECT max(seq) FROM landfall.changes')
    expect(await failure(releaseSync(host.database))).toMatchObject({
      code: 'database_invalid',
      details: { problems: [{ cure: expect.stringContaining('view latest') }] },
    })
    await host.run('DROP VIEW latest')
    await host.run('CREATE TABLE landfall.mine ()')
    expect(await releaseSync(host.database)).toEqual({ released: [], dropped: false })
    expect(
      await host.list(`SELECT relname FROM pg_class WHERE relnamespace = 'landfall'::regnamespace`),
    ).toEqual(['mine'])
  })
})
