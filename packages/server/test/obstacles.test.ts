/** What migrateSync says by name, with a cure, before a client meets it (P17.7). */
import { defineSync } from '@landfall/schema'
import { integer, pgTable, text } from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { AppVersion } from '../src/migrate/manifests.ts'
import { migrateSync } from '../src/migrate/migrate.ts'
import { failure } from './database-contract.ts'
import { type Host, KINDS, openHost } from './support/host.ts'

const items = pgTable('items', { id: integer().primaryKey(), owner: text(), title: text() })
const scopes = { own: { items: (t: { owner: typeof items.owner }) => t.owner } }
const sync = defineSync({ tables: { items }, scopes })
const readOnly = defineSync({ tables: { items }, scopes, write: { items: false } })

const TABLE = 'CREATE TABLE items (id int PRIMARY KEY, owner text, title text)'
const INDEX = 'CREATE INDEX ON items (owner)'

/** What was done to the table, what migrateSync says, and whether clients that only read are spared. */
const REFUSED: { [name: string]: { statements: string[]; says: RegExp; readers: boolean } } = {
  'an identity key that is always generated': {
    statements: [
      'CREATE TABLE items (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, owner text, title text)',
    ],
    says: /^Postgres always makes this key itself/,
    readers: true,
  },
  'a generated column that clients would write': {
    statements: [
      `CREATE TABLE items (id int PRIMARY KEY, owner text, title text GENERATED ALWAYS AS ('t-' || owner) STORED)`,
    ],
    says: /^Postgres always makes this value itself/,
    readers: true,
  },
  'a deferrable key': {
    statements: ['CREATE TABLE items (id int PRIMARY KEY DEFERRABLE, owner text, title text)'],
    says: /^Its primary key is deferrable/,
    readers: true,
  },
  'a rule that replaces inserts': {
    statements: [TABLE, 'CREATE RULE no_insert AS ON INSERT TO items DO INSTEAD NOTHING'],
    says: /^Its rule no_insert/,
    readers: true,
  },
  'a rule beside updates': {
    statements: [
      TABLE,
      'CREATE TABLE copies (id int)',
      'CREATE RULE also AS ON UPDATE TO items DO ALSO INSERT INTO copies VALUES (1)',
    ],
    says: /^Its rule also/,
    readers: true,
  },
  'a view': {
    statements: [
      'CREATE TABLE things (id int PRIMARY KEY, owner text, title text)',
      'CREATE VIEW items AS SELECT * FROM things',
    ],
    says: /^It is a view/,
    readers: false,
  },
  'a materialized view': {
    statements: [`CREATE MATERIALIZED VIEW items AS SELECT 1 AS id, 'a'::text AS owner, 't'::text AS title`],
    says: /^It is a materialized view/,
    readers: false,
  },
}

describe.each(KINDS)('on %s', (kind) => {
  let host: Host
  beforeAll(async () => {
    host = await openHost(kind)
  })
  afterAll(() => host.close())
  beforeEach(() => host.empty())

  const migrate = (version: AppVersion = sync) => migrateSync(host.database, version)
  const problems = async (version?: AppVersion) => {
    const error = await failure(migrate(version))
    expect(error).toMatchObject({ code: 'database_invalid' })
    const { details } = error as { details: { problems: { table: string; problem: string; cure: string }[] } }
    return details.problems
  }
  const make = async (...statements: string[]) => {
    for (const statement of statements) await host.run(statement)
  }

  test.each(Object.entries(REFUSED))(
    '[P17.7] %s is refused by name, with the cure',
    async (_, { statements, says, readers }) => {
      await make(...statements)
      const found = await problems()
      expect(found).toEqual([
        expect.objectContaining({
          table: '"public"."items"',
          problem: expect.stringMatching(says),
          cure: expect.stringMatching(/\w/),
        }),
      ])
      if (readers) expect((await migrate(readOnly)).captured).toEqual(['items'])
      else expect(await problems(readOnly)).toEqual(found)
    },
  )

  test('[P17.7] what is refused does fail in Postgres, always', async () => {
    for (const name of [
      'an identity key that is always generated',
      'a deferrable key',
      'a rule that replaces inserts',
    ] as const) {
      await host.empty()
      await make(...(REFUSED[name]?.statements ?? []))
      const insert = `WITH w AS (INSERT INTO items AS t (id, owner) SELECT 1, 'a' ON CONFLICT (id) DO NOTHING RETURNING id) SELECT * FROM w`
      expect(await failure(host.run(insert))).toMatchObject({
        sqlstate: expect.stringMatching(/^(428C9|55000|0A000)$/),
      })
    }
  })

  test('[P17.7] scope columns without an index, values that no client can give, and tables that a crash empties are warned of', async () => {
    await make(
      'CREATE UNLOGGED TABLE items (id int PRIMARY KEY, owner text, title text, price int NOT NULL, secret text NOT NULL DEFAULT 1)',
    )
    const { warnings } = await migrate()
    expect(warnings.map(({ column, problem }) => `${column ?? ''}: ${problem}`)).toEqual([
      expect.stringMatching(/^owner: No index/),
      expect.stringMatching(/^price: It needs a value/),
      expect.stringMatching(/^: It is unlogged/),
    ])
    await make(
      warnings[0]?.cure ?? '',
      'ALTER TABLE items SET LOGGED',
      `CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.price := 1; RETURN NEW; END $$`,
      'CREATE TRIGGER fill BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION fill()',
    )
    expect((await migrate()).warnings).toEqual([])
  })

  test('[P17.7] an index on part of the rows, or with the scope column behind another, does not count', async () => {
    await make(
      TABLE,
      'CREATE INDEX ON items (title, owner)',
      `CREATE INDEX ON items (owner) WHERE title = 'a'`,
    )
    expect((await migrate()).warnings).toMatchObject([{ column: 'owner' }])
    await make(INDEX)
    expect((await migrate()).warnings).toEqual([])
  })

  test('[P17.7] a domain over a domain is its base type', async () => {
    await make(
      'CREATE DOMAIN word AS text',
      `CREATE DOMAIN short_word AS word CHECK (VALUE <> '')`,
      'CREATE DOMAIN headline AS short_word',
      'CREATE TABLE items (id int PRIMARY KEY, owner short_word, title headline)',
      INDEX,
    )
    expect(await migrate()).toEqual({ captured: ['items'], others: [], warnings: [] })
    await make(`INSERT INTO items VALUES (1, 'ann', 'a')`, `UPDATE items SET title = 'b'`)
    expect(await host.list(`SELECT scope FROM landfall.changes WHERE op <> 'm' ORDER BY seq`)).toEqual([
      'own:ann',
      'own:ann',
    ])
    await make(
      'CREATE DOMAIN amount AS int',
      'CREATE DOMAIN headcount AS amount',
      'ALTER TABLE items DROP COLUMN title, ADD COLUMN title headcount',
    )
    expect(await problems()).toMatchObject([
      { column: 'title', problem: 'Its type is headcount, in the schema text.' },
    ])
  })

  test('[P17.7] a child of another table, and a partition, synced by itself hears of writes through the parent', async () => {
    await make(
      'CREATE TABLE things (id int, owner text, title text)',
      'CREATE TABLE items (PRIMARY KEY (id)) INHERITS (things)',
      'CREATE TABLE wholes (id int PRIMARY KEY, owner text) PARTITION BY RANGE (id)',
      'CREATE TABLE parts PARTITION OF wholes FOR VALUES FROM (0) TO (10)',
      'CREATE TABLE rest PARTITION OF wholes DEFAULT',
    )
    const parts = pgTable('parts', { id: integer().primaryKey(), owner: text() })
    const both = defineSync({
      tables: { items, parts },
      scopes: { own: { items: (t) => t.owner, parts: (t) => t.owner } },
    })
    await migrate(both)
    await make(
      `INSERT INTO items VALUES (1, 'ann', 'a')`,
      `UPDATE things SET title = 'b'`,
      'DELETE FROM things',
      `INSERT INTO wholes VALUES (1, 'ann')`,
      `UPDATE wholes SET owner = 'bob'`,
      'UPDATE wholes SET id = 50',
      'UPDATE wholes SET id = 2',
      'TRUNCATE wholes',
    )
    expect(
      await host.list(
        `SELECT tbl || ' ' || op::text || ' ' || scope FROM landfall.changes WHERE op <> 'm' ORDER BY seq`,
      ),
    ).toEqual([
      ...['i own:ann', 'u own:ann', 'd own:ann'].map((line) => `items ${line}`),
      ...['i own:ann', 'x own:ann', 'i own:bob', 'd own:bob', 'i own:bob', 't *'].map(
        (line) => `parts ${line}`,
      ),
    ])
  })
})

test('[P17.7] defineSync refuses a key that Postgres always makes itself, where clients write', () => {
  const orders = pgTable('orders', { id: integer().primaryKey().generatedAlwaysAsIdentity(), owner: text() })
  const define = (write?: { orders: false }) =>
    defineSync({
      tables: { orders },
      scopes: { own: { orders: (t) => t.owner } },
      ...(write ? { write } : {}),
    })
  expect(() => define()).toThrow(/always makes this key itself/)
  expect(define({ orders: false }).manifest.tables[0]?.write).toEqual([])
})

test('[P17.7] a collation that calls different texts equal is refused for keys and scopes', async () => {
  const host = await openHost('postgres', [
    `CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false)`,
    'CREATE TABLE words (id text COLLATE loose PRIMARY KEY, owner text COLLATE loose, title text COLLATE loose)',
  ])
  const words = pgTable('words', { id: text().primaryKey(), owner: text(), title: text() })
  const wordSync = defineSync({ tables: { words }, scopes: { own: { words: (t) => t.owner } } })
  const error = await failure(migrateSync(host.database, wordSync))
  expect(error).toMatchObject({
    code: 'database_invalid',
    details: { problems: [{ column: 'id' }, { column: 'owner' }] },
  })
  await host.close()
})
