import type { ManifestColumn, ManifestTable } from '@landfall/protocol'
import { sql } from 'drizzle-orm'
import * as pg from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import { defineSync, shared, through } from '@landfall/schema'
import { sync } from './support/tables.ts'

function table(name: string): ManifestTable {
  const found = sync.manifest.tables.find((candidate) => candidate.name === name)
  if (found === undefined) throw new Error(`no table ${name}`)
  return found
}

function column(tableName: string, name: string): ManifestColumn {
  const found = table(tableName).columns.find((candidate) => candidate.name === name)
  if (found === undefined) throw new Error(`no column ${name}`)
  return found
}

test('[P13.3] parents come before children, with Postgres names, keys and scopes', () => {
  expect(sync.manifest.tables.map(({ name }) => name)).toEqual(['projects', 'checks', 'members', 'countries'])
  expect(table('members')).toMatchObject({
    schema: 'public',
    key: ['project_id', 'user_id'],
    scopes: [{ scope: 'project', column: 'project_id' }],
    write: ['project'],
    parents: ['projects'],
  })
  expect(table('countries').scopes).toEqual([{ scope: 'public', column: null }])
  expect(sync.scopes).toEqual(['project', 'public'])
})

test('[P4.7] a table in several scopes says who may write it, and the manifest carries it', () => {
  const t = pg.pgTable('t', { id: pg.text().primaryKey(), project: pg.text(), owner: pg.text() })
  const given = (write?: 'own' | readonly ('project' | 'own' | 'all')[] | false) =>
    defineSync({
      tables: { t },
      scopes: { project: { t: (c) => c.project }, own: { t: (c) => c.owner }, all: { t: true } },
      ...(write === undefined ? {} : { write: { t: write } }),
    })
  expect(() => given()).toThrow('which one gives the right to write is not said')
  expect(() => given(['own', 'all'])).toThrow('write names all, which gives no right to write this table')
  expect(() => given([])).toThrow('write names no scope')
  const manifests = [given('own'), given(['own', 'project']), given(false)].map(({ manifest }) => manifest)
  expect(manifests.map(({ tables }) => tables[0]?.write)).toEqual([['own'], ['project', 'own'], []])
  expect(new Set(manifests.map(({ hash }) => hash)).size).toBe(3)
  expect(given(['project', 'own']).manifest.hash).toBe(given(['own', 'project']).manifest.hash)
})

test('[P4.7] the holders of a table’s only key column write it; a table without one is read-only', () => {
  const t = pg.pgTable('t', { id: pg.text().primaryKey() })
  const u = pg.pgTable('u', { id: pg.text().primaryKey() })
  const scopes = { own: { t: (c: { id: typeof t.id }) => c.id }, all: { t: true, u: true } } as const
  const { manifest } = defineSync({ tables: { t, u }, scopes })
  expect(manifest.tables.map(({ name, write }) => [name, write])).toEqual([
    ['t', ['own']],
    ['u', []],
  ])
  expect(() => defineSync({ tables: { t, u }, scopes, write: { u: 'own' } })).toThrow('write names own')
})

test('[P4.12] every row is read with true and written with shared(), unless write says otherwise', () => {
  const t = pg.pgTable('t', { id: pg.text().primaryKey() })
  const u = pg.pgTable('u', { id: pg.text().primaryKey() })
  const v = pg.pgTable('v', { id: pg.text().primaryKey() })
  const { manifest } = defineSync({
    tables: { t, u, v },
    scopes: { all: { t: shared(), u: true, v: shared() } },
    write: { v: false },
  })
  expect(manifest.tables.map(({ name, scopes, write }) => [name, scopes, write])).toEqual([
    ['t', [{ scope: 'all', column: null }], ['all']],
    ['u', [{ scope: 'all', column: null }], []],
    ['v', [{ scope: 'all', column: null }], []],
  ])
  const both = { all: { t: shared() }, own: { t: (c: { id: typeof t.id }) => c.id } }
  expect(() => defineSync({ tables: { t }, scopes: both })).toThrow('which one gives the right to write')
  const { manifest: ruled } = defineSync({ tables: { t }, scopes: both, write: { t: 'own' } })
  expect(ruled.tables[0]?.write).toEqual(['own'])
  expect(() => defineSync({ tables: { t, u }, scopes: { all: { t: shared(), u: (c) => c.id } } })).toThrow(
    'scope all mixes',
  )
})

test('[P13.3] tables in a cycle of foreign keys keep the order given', () => {
  const a = pg.pgTable('a', {
    id: pg.integer().primaryKey(),
    b: pg.integer().references((): pg.AnyPgColumn => b.id),
  })
  const b = pg.pgTable('b', { id: pg.integer().primaryKey(), a: pg.integer().references(() => a.id) })
  const { manifest } = defineSync({ tables: { a, b }, scopes: { all: { a: true, b: true } } })
  expect(manifest.tables.map(({ name }) => name)).toEqual(['b', 'a'])
})

test('[P13.3] columns carry type, nullability, defaults, rights and policy', () => {
  expect(column('checks', 'title')).toEqual({
    name: 'title',
    type: { kind: 'varchar', sql: 'varchar(80)', array: false, length: 80 },
    nullable: false,
    hasDefault: true,
    localDefault: "'it’s untitled'",
    readonly: false,
    policy: 'review',
  })
  expect(column('checks', 'status').type).toEqual({
    kind: 'enum',
    sql: '"public"."status"',
    array: false,
    labels: ['open', 'done'],
  })
  expect(column('checks', 'tags').type).toEqual({ kind: 'text', sql: 'text[]', array: true })
  expect(column('projects', 'created_at')).toMatchObject({
    hasDefault: true,
    localDefault: null,
    nullable: false,
  })
  expect(column('checks', 'done_by')).toMatchObject({ hasDefault: false, localDefault: null })
})

test('[P13.3] readonly and generated columns are the server’s to write', () => {
  const readonly = table('checks').columns.filter((candidate) => candidate.readonly)
  expect(readonly.map(({ name }) => name)).toEqual(['votes', 'double', 'number'])
})

test('[P13.3] the manifest does not mention excluded columns', () => {
  expect(JSON.stringify(sync.manifest)).not.toContain('internal_cost')
})

test('[P13.3] policies: a named one, the table’s default, and a function; keys stay with last-write', () => {
  const policies = Object.fromEntries(table('checks').columns.map(({ name, policy }) => [name, policy]))
  expect(policies).toMatchObject({
    id: 'last-write',
    title: 'review',
    votes: 'counter',
    tags: 'custom',
    status: 'first-write',
  })
  expect(column('projects', 'name').policy).toBe('last-write')
})

test('[P13.3] a custom policy sees decoded values and gives a wire value', () => {
  const merge = sync.policies['checks']?.['tags']
  expect(merge?.({ base: '{a}', mine: '{a,"b c"}', theirs: '{a,NULL}' })).toBe('{a,NULL,"b c"}')
})

test('[P13.3] indexes: plain ones, constraints, foreign keys and scopes, each once', () => {
  expect(table('checks').indexes).toEqual([['project_id', 'status'], ['title']])
  expect(table('members').indexes).toEqual([['project_id', 'invited_by']])
  expect(table('projects').indexes).toEqual([])
})

test('[P2.4] constrained: columns of unique indexes, predicates, expressions and foreign keys, outside of the key', () => {
  expect(table('checks').constrained).toEqual(['project_id', 'title'])
  expect(table('members').constrained).toEqual(['invited_by'])
  expect(table('projects').constrained).toEqual([])
  const t = pg.pgTable(
    't',
    {
      id: pg.integer().primaryKey(),
      owner: pg.integer(),
      isMain: pg.boolean('is_main'),
      gone: pg.timestamp(),
      rank: pg.integer(),
      ranked: pg.integer(),
      code: pg.text().unique(),
      plain: pg.text(),
    },
    (c) => [
      pg.uniqueIndex().on(c.owner).where(sql`${c.isMain} and GONE is null`),
      pg.uniqueIndex().on(sql`abs(rank)`),
      pg.index().on(c.plain),
    ],
  )
  const [found] = defineSync({ tables: { t }, scopes: { all: { t: (c) => c.id } } }).manifest.tables
  expect(found?.constrained).toEqual(['owner', 'is_main', 'gone', 'rank', 'code'])
})

test('[P13.3] the hash changes with a column, and not with an index', () => {
  const id = pg.integer().primaryKey()
  const hashOf = (given: pg.PgTable) =>
    defineSync({ tables: { t: given }, scopes: { all: { t: true } } }).manifest.hash
  const plain = pg.pgTable('t', { id, name: pg.text() })
  const indexed = pg.pgTable('t', { id, name: pg.text() }, (t) => [pg.index().on(t.name)])
  const renamed = pg.pgTable('t', { id, name: pg.text('label') })
  expect(hashOf(indexed)).toBe(hashOf(plain))
  expect(hashOf(renamed)).not.toBe(hashOf(plain))
})

test('[P13.3] tables and enums of other Postgres schemas keep their schema', () => {
  const crm = pg.pgSchema('crm')
  const stage = crm.enum('stage', ['lead', 'won'])
  const deals = crm.table('deals', {
    id: pg.serial().primaryKey(),
    stages: stage().array().notNull().default(['lead']),
  })
  const [found] = defineSync({ tables: { deals }, scopes: { all: { deals: true } } }).manifest.tables
  expect(found).toMatchObject({ name: 'deals', schema: 'crm', key: ['id'] })
  expect(found?.columns).toMatchObject([
    { type: { kind: 'int4', sql: 'integer' }, hasDefault: true, localDefault: null },
    { type: { kind: 'enum', sql: '"crm"."stage"[]', array: true }, localDefault: "'{lead}'" },
  ])
})

test('[P4.13] a scope through parents is resolved to the column at the end, and parents come first', () => {
  const shops = pg.pgTable('shops', { a: pg.integer(), b: pg.integer(), region: pg.uuid() }, (t) => [
    pg.primaryKey({ columns: [t.b, t.a] }),
  ])
  const orders = pg.pgTable(
    'orders',
    { id: pg.bigint({ mode: 'number' }).primaryKey(), x: pg.integer(), y: pg.integer() },
    (t) => [pg.foreignKey({ columns: [t.x, t.y], foreignColumns: [shops.a, shops.b] })],
  )
  const lines = pg.pgTable('lines', { id: pg.integer().primaryKey(), orderId: pg.integer('order_id') })
  const { manifest } = defineSync({
    tables: { lines, orders, shops },
    scopes: {
      region: {
        lines: (t) => through(t.orderId, orders),
        orders: (t) => through([t.x, t.y], shops),
        shops: (t) => t.region,
      },
    },
  })
  const toShop = { columns: ['y', 'x'], schema: 'public', table: 'shops', key: ['b', 'a'] }
  const toOrder = { columns: ['order_id'], schema: 'public', table: 'orders', key: ['id'] }
  const end = { column: 'region', type: { kind: 'uuid', sql: 'uuid', array: false } }
  expect(manifest.tables.map(({ name, scopes, write }) => [name, scopes, write])).toEqual([
    ['shops', [{ scope: 'region', column: 'region' }], ['region']],
    ['orders', [{ scope: 'region', through: { hops: [toShop], ...end } }], ['region']],
    ['lines', [{ scope: 'region', through: { hops: [toOrder, toShop], ...end } }], ['region']],
  ])
  expect(manifest.tables[2]?.indexes).toContainEqual(['order_id'])
})
