import { LandfallError } from '@landfall/protocol'
import * as pg from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import { defineSync, type Problem, through } from '@landfall/schema'

/** The problems that defineSync finds in untyped input, as `table.column: problem`. */
function problemsOf(input: object): string[] {
  try {
    defineSync(input as Parameters<typeof defineSync>[0])
    return []
  } catch (error) {
    if (!(error instanceof LandfallError) || error.code !== 'schema_invalid') throw error
    const problems = error.details['problems'] as Problem[]
    expect(problems.every(({ cure }) => cure.length > 0)).toBe(true)
    return problems.map(({ table, column, problem }) => `${table}${column ? `.${column}` : ''}: ${problem}`)
  }
}

const id = pg.integer().primaryKey()
const all = (...names: string[]) => ({ all: Object.fromEntries(names.map((name) => [name, true])) })

test('[P13.2] unsupported types are refused by name', () => {
  const t = pg.pgTable('places', {
    id,
    price: pg.customType<{ data: string }>({ dataType: () => 'money' })(),
    table: pg.customType<{ data: string }>({ dataType: () => 'regclass' })(),
    span: pg.interval({ fields: 'day to hour' }),
  })
  expect(problemsOf({ tables: { t }, scopes: all('t') })).toEqual([
    'places.price: the type money is not supported',
    'places.table: the type regclass is not supported',
    'places.span: the type interval day to hour is not supported',
  ])
  expect(
    problemsOf({
      tables: { t },
      scopes: all('t'),
      columns: { t: { exclude: ['price', 'table', 'span'] } },
    }),
  ).toEqual([])
})

test('[P13.2] a table needs a primary key whose equal values have equal texts', () => {
  const none = pg.pgTable('none', { name: pg.text() })
  const float = pg.pgTable('float', { id: pg.real().primaryKey() })
  const amount = pg.pgTable('amount', { id: pg.numeric().primaryKey() })
  const host = pg.pgTable('host', { id: pg.inet().primaryKey() })
  const cents = pg.pgTable('cents', { id: pg.numeric({ precision: 9, scale: 2 }).primaryKey() })
  expect(
    problemsOf({
      tables: { none, float, amount, host, cents },
      scopes: all('none', 'float', 'amount', 'host', 'cents'),
    }),
  ).toEqual([
    'none: the table has no primary key, so its rows have no name',
    'float.id: real cannot be the primary key: equal values can have different texts',
    'amount.id: numeric cannot be the primary key: equal values can have different texts',
    'host.id: inet cannot be the primary key: equal values can have different texts',
  ])
})

test('[P13.2] key and scope columns cannot be excluded', () => {
  const t = pg.pgTable('t', { id, owner: pg.text() })
  const scopes = { own: { t: (c: { owner: unknown }) => c.owner } }
  expect(problemsOf({ tables: { t }, scopes, columns: { t: { exclude: ['id', 'owner'] } } })).toEqual([
    't.id: the column is the primary key and is not synced',
    't.owner: the column is the key of scope own and is not synced',
  ])
})

test('[P13.2] each table stands in a scope, by a column of its own', () => {
  const t = pg.pgTable('t', { id })
  const u = pg.pgTable('u', { id })
  const foreign = () => u.id
  expect(problemsOf({ tables: { t, u }, scopes: { own: { t: foreign } } })).toEqual([
    't: scope own does not name a column of this table',
    't: the table stands in no scope, so nobody could ever hold its rows',
    'u: the table stands in no scope, so nobody could ever hold its rows',
  ])
})

test('[P4.11] the columns of one scope are of one type', () => {
  const key = (c: { key: unknown }) => c.key
  const named = pg.pgTable('named', { id, key: pg.text() })
  const short = pg.pgTable('short', { id, key: pg.varchar({ length: 8 }) })
  const coded = pg.pgTable('coded', { id, key: pg.uuid() })
  const padded = pg.pgTable('padded', { id, key: pg.char({ length: 8 }) })
  const tables = { named, short, coded, padded }
  expect(
    problemsOf({ tables, scopes: { own: { named: key, short: key, coded: key, padded: key } } }),
  ).toEqual([
    'coded.key: the key of scope own is uuid here and text in named.key',
    'padded.key: the key of scope own is char(8) here and text in named.key',
  ])
})

test('[P13.2] scope names are identifiers, and a scope is keyed or whole', () => {
  const t = pg.pgTable('t', { id })
  const u = pg.pgTable('u', { id })
  const scopes = { 'a:b': { t: true }, mixed: { t: true, u: (c: { id: unknown }) => c.id } }
  expect(problemsOf({ tables: { t, u }, scopes })).toEqual([
    't: the scope name a:b is no identifier',
    't: scope mixed mixes tables with a key column and tables with every row',
  ])
})

test('[P13.2] names that SQLite cannot tell apart are refused', () => {
  const t = pg.pgTable('t', { id, name: pg.text(), Name: pg.text() })
  const other = pg.pgSchema('other').table('T', { id })
  const reserved = pg.pgTable('landfall_outbox', { id })
  expect(problemsOf({ tables: { t, other, reserved }, scopes: all('t', 'other', 'reserved') })).toEqual([
    't.Name: another column differs only in case',
    'T: another synced table has the same name, in another schema, in other case or twice in tables',
    'landfall_outbox: the name is reserved',
  ])
})

test('[P13.2] a policy must fit its column, and so must a default policy', () => {
  const t = pg.pgTable('t', { id, name: pg.varchar({ length: 3 }).default('long'), data: pg.json() })
  const conflicts = { t: { name: 'counter', data: 'max', '*': 'last-write' } }
  expect(problemsOf({ tables: { t }, scopes: all('t'), conflicts })).toEqual([
    "t.name: the conflict policy 'counter' needs a number, and the column is varchar(3)",
    't.name: the default does not fit the column: more than 3 characters',
    "t.data: the conflict policy 'max' needs values that can be ordered, and the column is json",
  ])
})

test('[P13.2] all unknown names are refused at once', () => {
  const t = pg.pgTable('t', { id })
  const input = {
    tables: { t, view: {} },
    scopes: { all: { t: true, gone: true } },
    write: { gone: 'all' },
    columns: { t: { exclude: ['nope'] } },
    conflicts: { gone: { a: 'review' } },
  }
  expect(problemsOf(input)).toEqual([
    'gone: there is no such table in tables',
    'gone: there is no such table in tables',
    't.nope: there is no such column',
    'gone: there is no such table in tables',
    'view: this is no Drizzle pgTable',
  ])
})

test('[P13.2] a way to a parent’s scope ends at a synced column, by columns of the parent’s key', () => {
  const parent = pg.pgTable('parent', { id, owner: pg.text() })
  const loose = pg.pgTable('loose', { id })
  const child = pg.pgTable('child', { id, parent: pg.integer(), named: pg.text() })
  const tables = { parent, child, loose }
  type Child = { id: typeof child.id; parent: typeof child.parent; named: typeof child.named }
  const owner = (c: { owner: unknown }) => c.owner
  const found = (rule: (c: Child) => unknown, more: object = { parent: owner }) =>
    problemsOf({ tables, scopes: { all: { loose: true }, own: { child: rule, ...more } } })[0]
  const misfit = 'child: scope own goes through parent by columns that are not of its primary key’s types'
  expect(found((c) => through(c.parent, parent))).toBeUndefined()
  expect(found((c) => through(c.named, parent))).toBe(misfit)
  expect(found((c) => through([c.parent, c.id], parent))).toBe(misfit)
  expect(found(() => through(parent.id, parent))).toBe(misfit)
  expect(found((c) => through(c.parent, loose))).toBe(
    'child: scope own goes through loose, which does not stand in it',
  )
  expect(found((c) => through(c.parent, pg.pgTable('far', { id })))).toBe(
    'child: scope own goes through far, which is not synced',
  )
  expect(found((c) => through(c.id, child))).toBe('child: scope own goes through child in a circle')
  const excluded = problemsOf({
    tables: { parent, child },
    scopes: { own: { parent: owner, child: (c: Child) => through(c.parent, parent) } },
    columns: { child: { exclude: ['parent'] } },
  })
  expect(excluded).toContain('child.parent: the column is the way to scope own and is not synced')
})
