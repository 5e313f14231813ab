/** A schema with every column kind, composite keys, foreign keys, unique columns, odd names and columns that are read-only. */
import { defineSync } from '@landfall/schema'
import { type Database, openDatabase } from '@landfall/server'
import { createTestDatabase } from '@landfall/tools/postgres'
import { sql } from 'drizzle-orm'
import * as pg from 'drizzle-orm/pg-core'

const status = pg.pgEnum('status of day', ['open', 'it’s "done"', '', 'NULL', '{a,b}'])

const scalars = {
  bool: () => pg.boolean(),
  int2: () => pg.smallint(),
  int4: () => pg.integer(),
  int8: () => pg.bigint({ mode: 'bigint' }),
  float4: () => pg.real(),
  float8: () => pg.doublePrecision(),
  numeric: () => pg.numeric(),
  money: () => pg.numeric({ precision: 10, scale: 2 }),
  digit: () => pg.numeric({ precision: 1, scale: 0 }),
  share: () => pg.numeric({ precision: 4, scale: 4 }),
  text: () => pg.text(),
  varchar: () => pg.varchar({ length: 5 }),
  letters: () => pg.varchar(),
  char: () => pg.char({ length: 4 }),
  uuid: () => pg.uuid(),
  status: () => status(),
  date: () => pg.date(),
  time: () => pg.time(),
  time2: () => pg.time({ precision: 2 }),
  timestamp: () => pg.timestamp({ mode: 'string' }),
  timestamp3: () => pg.timestamp({ mode: 'string', precision: 3 }),
  timestamptz: () => pg.timestamp({ withTimezone: true, mode: 'string' }),
  timestamptz0: () => pg.timestamp({ withTimezone: true, mode: 'string', precision: 0 }),
  interval: () => pg.interval(),
  interval3: () => pg.interval({ precision: 3 }),
  json: () => pg.json(),
  jsonb: () => pg.jsonb(),
  bytea: pg.customType<{ data: Uint8Array }>({ dataType: () => 'bytea' }),
}

function columns<Column>(make: (name: keyof typeof scalars) => Column): { [name: string]: Column } {
  const names = Object.keys(scalars) as (keyof typeof scalars)[]
  return Object.fromEntries(names.map((name) => [name, make(name)]))
}

const areas = pg.pgTable('areas', {
  id: pg.text().primaryKey(),
  name: pg.text().notNull().unique(),
  votes: pg.integer().notNull().default(0),
})

const specimens = pg.pgTable('specimens', {
  id: pg.uuid().primaryKey().defaultRandom(),
  areaId: pg
    .text('area_id')
    .notNull()
    .references(() => areas.id),
  owner: pg.text(),
  ...columns((name) => scalars[name]()),
})

const lists = pg.pgTable('lists', {
  id: pg.bigint({ mode: 'bigint' }).primaryKey(),
  areaId: pg.text('area_id').notNull(),
  ...columns((name) => scalars[name]().array()),
})

const notes = pg.pgTable(
  'odd "notes"',
  {
    areaId: pg.text('area_id').notNull(),
    order: pg.integer().notNull(),
    code: pg.char({ length: 3 }).notNull(),
    specimen: pg.uuid().references(() => specimens.id, { onDelete: 'cascade' }),
    country: pg.char({ length: 2 }).references(() => countries.code),
    aboveOrder: pg.integer('above_order'),
    aboveCode: pg.char('above_code', { length: 3 }),
    email: pg.varchar({ length: 40 }).notNull(),
    day: pg.date(),
    slot: pg.smallint(),
    body: pg.text('select').notNull().default('it’s'),
    createdAt: pg.timestamp('created_at', { withTimezone: true, mode: 'string' }).notNull().defaultNow(),
    double: pg.bigint({ mode: 'bigint' }).generatedAlwaysAs(sql`"order" * 2`),
    number: pg.integer().generatedAlwaysAsIdentity(),
  },
  (t) => [
    pg.primaryKey({ columns: [t.areaId, t.order, t.code] }),
    pg.foreignKey({
      columns: [t.areaId, t.aboveOrder, t.aboveCode],
      foreignColumns: [t.areaId, t.order, t.code],
    }),
    pg.uniqueIndex().on(t.email),
    pg.unique().on(t.day, t.slot),
  ],
)

const countries = pg.pgTable('countries', {
  code: pg.char({ length: 2 }).primaryKey(),
  name: pg.text().notNull(),
})

export const sync = defineSync({
  tables: { areas, specimens, lists, notes, countries },
  scopes: {
    area: {
      areas: (t) => t.id,
      specimens: (t) => t.areaId,
      lists: (t) => t.areaId,
      notes: (t) => t.areaId,
    },
    own: { specimens: (t) => t.owner },
    public: { countries: true },
  },
  write: { specimens: 'area' },
  columns: { notes: { readonly: ['createdAt'] } },
  conflicts: { areas: { votes: 'counter' } },
})

export const SCOPES = { area: ['north', "south's", 'ost: ö'], own: ['ada', 'ben'] }

const DEFAULTS: { [column: string]: string } = {
  votes: 'default 0',
  'specimens.id': 'default gen_random_uuid()',
  select: "default 'it’s'",
  created_at: 'default now()',
  double: 'generated always as ("order" * 2) stored',
  number: 'generated always as identity',
}

/** What Postgres needs of it, from the Drizzle tables themselves. */
export const DDL: string[] = [
  `create type "status of day" as enum (${status.enumValues.map((label) => `'${label}'`).join(', ')})`,
  ...[areas, countries, specimens, lists, notes].map(tableDdl),
  ...SCOPES.area.map((id) => `insert into areas values ('${id.replace("'", "''")}', '${id.length}')`),
]

function tableDdl(table: pg.PgTable): string {
  const {
    name,
    columns: all,
    primaryKeys,
    foreignKeys,
    uniqueConstraints,
    indexes,
  } = pg.getTableConfig(table)
  const list = (of: readonly unknown[]): string =>
    of.map((c) => `"${(c as { name: string }).name}"`).join(', ')
  const lines = [
    ...all.map(columnDdl),
    ...primaryKeys.map((key) => `primary key (${list(key.columns)})`),
    ...uniqueConstraints.map((unique) => `unique (${list(unique.columns)})`),
    ...indexes.map((index) => `unique (${list(index.config.columns)})`),
    ...foreignKeys.map((key) => {
      const { columns: from, foreignColumns, foreignTable } = key.reference()
      const parent = pg.getTableConfig(foreignTable).name.replaceAll('"', '""')
      const action = key.onDelete === undefined ? '' : `on delete ${key.onDelete}`
      return `foreign key (${list(from)}) references "${parent}" (${list(foreignColumns)}) ${action}`
    }),
  ]
  return `create table "${name.replaceAll('"', '""')}" (${lines.join(', ')})`
}

function columnDdl(column: pg.PgColumn): string {
  const type = column.getSQLType().replace('status of day', '"status of day"')
  const table = pg.getTableConfig(column.table).name
  const rules = [
    column.notNull || column.primary ? 'not null' : '',
    column.primary ? 'primary key' : '',
    column.isUnique ? 'unique' : '',
    DEFAULTS[`${table}.${column.name}`] ?? DEFAULTS[column.name] ?? '',
  ]
  return `"${column.name}" ${type} ${rules.join(' ')}`
}

export type EveryKindApp = {
  database: Database
  /** One transaction of another program. */
  run(statements: string[]): Promise<void>
  close(): Promise<void>
}

/** The tables in a fresh database, with one area for each scope key. */
export async function createEveryKindApp(): Promise<EveryKindApp> {
  const { url, drop } = await createTestDatabase('workload')
  const database = await openDatabase(url)
  const run = (statements: string[]): Promise<void> =>
    database.transaction({ isolation: 'read committed', readOnly: false }, async (tx) => {
      for (const statement of statements) await tx.query(statement)
    })
  await run(DDL)
  return {
    database,
    run,
    async close() {
      await database.close()
      await drop()
    },
  }
}
