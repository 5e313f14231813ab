/** What hosts do to a synced table: every migration of P17.2, with the app's definition once its code has followed. */
import { defineSync, type SyncDefinition } from '@landfall/schema'
import * as pg from 'drizzle-orm/pg-core'

const mood = pg.pgEnum('mood', ['good', 'bad'])

const COLUMNS = {
  id: pg.integer().primaryKey(),
  owner: pg.text(),
  title: pg.text(),
  n: pg.integer(),
  price: pg.numeric(),
  mood: mood(),
}

type Columns = { [name: string]: pg.PgColumnBuilderBase }

/** The app's definition once its code has followed the migration. */
export function syncOf(
  changed: Columns = {},
  { name = 'items', schema = 'public', without = '', scope = 'owner' } = {},
): SyncDefinition {
  const columns: Columns = { ...COLUMNS, ...changed }
  const kept = Object.fromEntries(Object.entries(columns).filter(([column]) => column !== without))
  const items = schema === 'public' ? pg.pgTable(name, kept) : pg.pgSchema(schema).table(name, kept)
  return defineSync({ tables: { items }, scopes: { own: { items: (t) => t[scope] as never } } })
}

export type Migration = {
  statements: string[]
  /** What the table is called afterwards. */
  table?: string
  /** What its scope column is called afterwards. */
  owner?: string
  after?: () => SyncDefinition
  /** Columns of a partitioned table's key cannot be altered so. */
  plainOnly?: true
  /** Statements that run outside of transactions. */
  alone?: true
}

const alter = (action: string): string[] => [`ALTER TABLE items ${action}`]

export const MIGRATIONS: { [name: string]: Migration } = {
  'text to varchar': {
    statements: alter('ALTER title TYPE varchar(200)'),
    after: () => syncOf({ title: pg.varchar({ length: 200 }) }),
  },
  'text to integer': {
    statements: alter('ALTER title TYPE int USING length(title)'),
    after: () => syncOf({ title: pg.integer() }),
  },
  'text to json': {
    statements: alter('ALTER title TYPE json USING to_json(title)'),
    after: () => syncOf({ title: pg.json() }),
  },
  'text to an array': {
    statements: alter('ALTER title TYPE text[] USING ARRAY[title]'),
    after: () => syncOf({ title: pg.text().array() }),
  },
  'text in another collation': { statements: alter('ALTER title TYPE text COLLATE "C"') },
  'integer to bigint': {
    statements: alter('ALTER n TYPE bigint'),
    after: () => syncOf({ n: pg.bigint({ mode: 'bigint' }) }),
  },
  'integer to text': { statements: alter('ALTER n TYPE text'), after: () => syncOf({ n: pg.text() }) },
  'numeric to double': {
    statements: alter('ALTER price TYPE float8'),
    after: () => syncOf({ price: pg.doublePrecision() }),
  },
  'numeric of another precision': {
    statements: alter('ALTER price TYPE numeric(12,3)'),
    after: () => syncOf({ price: pg.numeric({ precision: 12, scale: 3 }) }),
  },
  'enum to text': { statements: alter('ALTER mood TYPE text'), after: () => syncOf({ mood: pg.text() }) },
  'the key’s type': {
    statements: [
      'DROP VIEW door',
      ...alter('ALTER id TYPE bigint'),
      'CREATE VIEW door AS SELECT id FROM items',
    ],
    after: () => syncOf({ id: pg.bigint({ mode: 'bigint' }).primaryKey() }),
    plainOnly: true,
  },
  'the scope’s type': {
    statements: alter('ALTER owner TYPE int USING owner::int'),
    after: () => syncOf({ owner: pg.integer() }),
  },
  'a column dropped': {
    statements: alter('DROP COLUMN title'),
    after: () => syncOf({}, { without: 'title' }),
  },
  'a column renamed': {
    statements: alter('RENAME COLUMN title TO name'),
    after: () => syncOf({ name: pg.text() }, { without: 'title' }),
  },
  'the scope renamed': {
    statements: alter('RENAME COLUMN owner TO holder'),
    owner: 'holder',
    after: () => syncOf({ holder: pg.text() }, { without: 'owner', scope: 'holder' }),
  },
  'two columns exchanged by name': {
    statements: [
      ...alter('RENAME COLUMN title TO spare'),
      ...alter('RENAME COLUMN price TO title'),
      ...alter('RENAME COLUMN spare TO price'),
    ],
    after: () => syncOf({ title: pg.numeric(), price: pg.text() }),
  },
  'a column dropped and added anew': {
    statements: [...alter('DROP COLUMN n'), ...alter('ADD COLUMN n int')],
  },
  'a column added': { statements: alter('ADD COLUMN extra text DEFAULT $$x$$') },
  'a label added': { statements: ['ALTER TYPE mood ADD VALUE IF NOT EXISTS $$fair$$'.replaceAll('$$', "'")] },
  'a label renamed': { statements: [`ALTER TYPE mood RENAME VALUE 'bad' TO 'sad'`] },
  'constraints added and dropped': {
    statements: [
      ...alter('ADD CONSTRAINT positive CHECK (id > 0)'),
      ...alter('ALTER n SET DEFAULT 3'),
      ...alter('ALTER n DROP DEFAULT'),
      ...alter('DROP CONSTRAINT positive'),
    ],
  },
  'the primary key made anew': {
    statements: [...alter('DROP CONSTRAINT items_pkey'), ...alter('ADD PRIMARY KEY (id)')],
  },
  'the table renamed': {
    statements: alter('RENAME TO things'),
    table: 'things',
    after: () => syncOf({}, { name: 'things' }),
  },
  'the schema changed': {
    statements: ['CREATE SCHEMA store', ...alter('SET SCHEMA store')],
    table: 'store.items',
    after: () => syncOf({}, { schema: 'store' }),
  },
  'logging switched off': { statements: alter('SET UNLOGGED'), plainOnly: true },
  'VACUUM FULL': { statements: ['VACUUM FULL items'], alone: true },
  'an index and statistics': { statements: ['CREATE INDEX ON items (title)', 'ANALYZE items'] },
}

export const LAYOUTS = {
  plain: ['CREATE TABLE items (id int PRIMARY KEY, owner text, title text, n int, price numeric, mood mood)'],
  partitioned: [
    'CREATE TABLE items (id int PRIMARY KEY, owner text, title text, n int, price numeric, mood mood) PARTITION BY RANGE (id)',
    'CREATE TABLE items_low PARTITION OF items FOR VALUES FROM (0) TO (1000)',
    'CREATE TABLE items_high PARTITION OF items DEFAULT',
  ],
}
