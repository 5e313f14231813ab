/** A small app for the server's tests: spaces with members, notes in spaces, settings of one's own, public countries. */
import { defineSync } from '@landfall/schema'
import { COUNTRIES_DDL, countries, uuidOf } from '@landfall/tools/tables'
import {
  boolean,
  integer,
  json,
  numeric,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core'
import type { Authorize, Holders } from '../../src/context.ts'
import type { Database } from '../../src/database/database.ts'
import { memberOf } from '../../src/scopes/member-of.ts'

export const spaces = pgTable('spaces', { id: integer().primaryKey(), name: text().notNull() })

export const members = pgTable(
  'members',
  { spaceId: integer('space_id').notNull(), userId: text('user_id').notNull() },
  (t) => [primaryKey({ columns: [t.spaceId, t.userId] })],
)

export const notes = pgTable('notes', {
  id: uuid().primaryKey().defaultRandom(),
  spaceId: integer('space_id'),
  title: text().notNull().default(''),
  amount: numeric(),
  done: boolean().notNull().default(false),
  extra: json(),
  secret: text(),
})

export const settings = pgTable(
  'settings',
  {
    userId: text('user_id').notNull(),
    at: timestamp({ withTimezone: true, mode: 'string' }).notNull(),
    value: text(),
  },
  (t) => [primaryKey({ columns: [t.userId, t.at] })],
)

export const sync = defineSync({
  tables: { spaces, members, notes, settings, countries },
  scopes: {
    space: { spaces: (t) => t.id, members: (t) => t.spaceId, notes: (t) => t.spaceId },
    own: { settings: (t) => t.userId },
    public: { countries: true },
  },
  columns: { notes: { exclude: ['secret'] } },
})

export const holders: Holders = {
  space: memberOf(members, { user: (m) => m.userId, key: (m) => m.spaceId }),
  own: ({ userId }) => [userId],
}

/** Members may bring others in. */
export const authorize: { [table: string]: Authorize } = { members: () => true }

const TABLES = [
  'CREATE TABLE spaces (id int PRIMARY KEY, name text NOT NULL)',
  'CREATE TABLE members (space_id int NOT NULL, user_id text NOT NULL, PRIMARY KEY (space_id, user_id))',
  `CREATE TABLE notes (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), space_id int, title text NOT NULL DEFAULT '', amount numeric,
    done boolean NOT NULL DEFAULT false, extra json, secret text)`,
  'CREATE INDEX notes_space ON notes (space_id)',
  'CREATE TABLE settings (user_id text NOT NULL, at timestamptz NOT NULL, value text, PRIMARY KEY (user_id, at))',
  COUNTRIES_DDL,
  `INSERT INTO spaces VALUES (1, 'one'), (2, 'two'), (3, 'three')`,
  `INSERT INTO members VALUES (1, 'ann'), (2, 'ann'), (2, 'bob'), (3, 'cat')`,
  `INSERT INTO countries VALUES ('ch', 'Schweiz'), ('se', 'Sverige')`,
]

export async function createNotesTables(database: Database): Promise<void> {
  await database.transaction({ isolation: 'read committed', readOnly: false }, async (tx) => {
    for (const statement of TABLES) await tx.query(statement)
  })
}

/** A note’s id that reads well in a failing test. */
export const noteId = uuidOf
