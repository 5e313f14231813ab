/** Tables that the store's tests share: plain rows, a composite key, exact types, readonly things. */
import { defineSync } from '@landfall/schema'
import { countries } from '@landfall/tools/tables'
import {
  bigint,
  boolean,
  doublePrecision,
  integer,
  numeric,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core'

const notes = pgTable('notes', {
  id: integer('id').primaryKey(),
  project: text('project').notNull(),
  title: text('title'),
  votes: integer('votes').notNull().default(0),
  body: text('body'),
})

const links = pgTable(
  'links',
  {
    a: integer('a').notNull(),
    b: text('b').notNull(),
    project: text('project').notNull(),
    weight: doublePrecision('weight'),
  },
  (t) => [primaryKey({ columns: [t.b, t.a] })],
)

const exact = pgTable('exact', {
  id: uuid('id').primaryKey().defaultRandom(),
  project: text('project').notNull(),
  owner: text('owner'),
  amount: numeric('amount', { precision: 10, scale: 2 }),
  big: bigint('big', { mode: 'bigint' }),
  done: boolean('done').notNull().default(false),
  ratio: doublePrecision('ratio'),
  due: timestamp('due', { withTimezone: true }),
  serial: integer('serial').default(7),
  createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
})

export const sync = defineSync({
  tables: { notes, links, exact, countries },
  scopes: {
    project: { notes: (t) => t.project, links: (t) => t.project, exact: (t) => t.project },
    own: { exact: (t) => t.owner },
    public: { countries: true },
  },
  write: { exact: 'project' },
  columns: { exact: { readonly: ['createdAt', 'serial'] } },
})

export const { manifest } = sync
