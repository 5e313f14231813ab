/** The table every workload works on: ten columns, about 250 bytes a row, one index beside the key. */
import { defineSync } from '@landfall/schema'
import { boolean, date, index, integer, numeric, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'

const items = pgTable(
  'items',
  {
    id: uuid('id').primaryKey(),
    spaceId: integer('space_id').notNull(),
    title: text('title').notNull(),
    body: text('body').notNull(),
    status: text('status').notNull(),
    votes: integer('votes').notNull(),
    price: numeric('price', { precision: 12, scale: 2 }).notNull(),
    done: boolean('done').notNull(),
    due: date('due').notNull(),
    updatedAt: timestamp('updated_at', { withTimezone: true, mode: 'string' }).notNull(),
  },
  (table) => [index('items_space').on(table.spaceId)],
)

/** Not synced: the holders read it. */
export const members = pgTable('members', {
  spaceId: integer('space_id').notNull(),
  userId: text('user_id').notNull(),
})

export const sync = defineSync({
  tables: { items },
  scopes: { space: { items: (item) => item.spaceId } },
})

/** The same in Postgres, with the membership that the holders read. */
export const TABLES = [
  `CREATE TABLE items (
    id         uuid PRIMARY KEY,
    space_id   integer NOT NULL,
    title      text NOT NULL,
    body       text NOT NULL,
    status     text NOT NULL,
    votes      integer NOT NULL,
    price      numeric(12, 2) NOT NULL,
    done       boolean NOT NULL,
    due        date NOT NULL,
    updated_at timestamptz NOT NULL
  )`,
  'CREATE INDEX items_space ON items (space_id)',
  'CREATE TABLE members (space_id integer, user_id text, PRIMARY KEY (user_id, space_id))',
  'CREATE TABLE items_bare (LIKE items INCLUDING ALL)',
]

/** Each workload has a space of its own. */
export const SPACES = { push: 1, firstLoad: 2, remoteChange: 3 } as const

/** Users and the space each is a member of; the name is the token. */
export const MEMBERS = {
  pusher: SPACES.push,
  loader: SPACES.firstLoad,
  ann: SPACES.remoteChange,
  bob: SPACES.remoteChange,
} as const
