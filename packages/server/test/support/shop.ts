/** The app that pushes are tested on: a table with every conflict policy, constraints of every kind, a composite key. */
import { defineSync } from '@landfall/schema'
import { COUNTRIES_DDL, countries } from '@landfall/tools/tables'
import * as pg from 'drizzle-orm/pg-core'
import type { Holders } from '../../src/context.ts'
import type { Database } from '../../src/database/database.ts'
import { memberOf } from '../../src/scopes/member-of.ts'

const projects = pg.pgTable('projects', {
  id: pg.integer().primaryKey(),
  name: pg.text().notNull(),
  owner: pg.text(),
})

const members = pg.pgTable(
  'members',
  { projectId: pg.integer('project_id').notNull(), userId: pg.text('user_id').notNull() },
  (t) => [pg.primaryKey({ columns: [t.projectId, t.userId] })],
)

const items = pg.pgTable('items', {
  id: pg.integer().primaryKey(),
  projectId: pg.integer('project_id').references(() => projects.id),
  slug: pg.text(),
  title: pg.text().notNull().default('untitled'),
  first: pg.text(),
  status: pg.text(),
  votes: pg.integer(),
  score: pg.doublePrecision(),
  high: pg.numeric(),
  low: pg.integer(),
  tags: pg.text().array(),
  body: pg.text(),
  joined: pg.text(),
  price: pg.numeric({ precision: 10, scale: 2 }),
  extra: pg.json(),
  meta: pg.jsonb(),
  at: pg.timestamp({ withTimezone: true }),
  code: pg.varchar({ length: 5 }),
  createdAt: pg.timestamp('created_at', { withTimezone: true }).defaultNow(),
  secret: pg.text(),
})

const steps = pg.pgTable(
  'steps',
  {
    itemId: pg
      .integer('item_id')
      .notNull()
      .references(() => items.id),
    place: pg.text().notNull(),
    projectId: pg.integer('project_id'),
    label: pg.text(),
  },
  (t) => [pg.primaryKey({ columns: [t.itemId, t.place] })],
)

export const shop = defineSync({
  tables: { projects, members, items, steps, countries },
  scopes: {
    project: {
      projects: (t) => t.id,
      members: (t) => t.projectId,
      items: (t) => t.projectId,
      steps: (t) => t.projectId,
    },
    own: { projects: (t) => t.owner },
    public: { countries: true },
  },
  write: { projects: 'own' },
  columns: { items: { exclude: ['secret'], readonly: ['createdAt'] } },
  conflicts: {
    items: {
      first: 'first-write',
      status: 'review',
      votes: 'counter',
      score: 'counter',
      high: 'max',
      low: 'min',
      tags: 'set',
      body: 'text',
      joined: ({ mine, theirs }) => {
        if (mine === 'never') throw new Error('cannot join')
        return `${theirs}+${mine}`
      },
    },
  },
})

export const shopHolders: Holders = {
  project: memberOf(members, { user: (m) => m.userId, key: (m) => m.projectId }),
  own: ({ userId }) => [userId],
}

const TABLES = [
  'CREATE TABLE projects (id int PRIMARY KEY, name text NOT NULL, owner text)',
  'CREATE TABLE members (project_id int NOT NULL, user_id text NOT NULL, PRIMARY KEY (project_id, user_id))',
  `CREATE TABLE items (
    id int PRIMARY KEY,
    project_id int REFERENCES projects,
    slug text,
    title text NOT NULL DEFAULT 'untitled',
    first text, status text, votes int, score float8, high numeric, low int, tags text[], body text, joined text,
    price numeric(10,2) CONSTRAINT fair_price CHECK (price >= 0),
    extra json, meta jsonb, at timestamptz, code varchar(5),
    created_at timestamptz DEFAULT now(),
    secret text,
    CONSTRAINT one_slug UNIQUE (project_id, slug))`,
  `CREATE TABLE steps (
    item_id int NOT NULL REFERENCES items, place text NOT NULL, project_id int, label text,
    PRIMARY KEY (item_id, place))`,
  COUNTRIES_DDL,
  // What triggers of the app see: each vote that takes effect leaves a row.
  'CREATE TABLE ledger (item_id int, change int)',
  `CREATE FUNCTION count_votes() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO ledger VALUES (NEW.id, NEW.votes - OLD.votes);
    RETURN NULL;
  END $$`,
  `CREATE TRIGGER count_votes AFTER UPDATE OF votes ON items FOR EACH ROW EXECUTE FUNCTION count_votes()`,
]

/** Empties the shop, its log and its conflicts, and puts the first rows back: one statement, since every test does it. */
const REFILL = `
  CREATE FUNCTION refill() RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    DELETE FROM ledger;
    DELETE FROM steps;
    DELETE FROM items;
    DELETE FROM members;
    DELETE FROM projects;
    DELETE FROM landfall.conflicts;
    DELETE FROM landfall.changes;
    INSERT INTO projects VALUES (1, 'one', 'ann'), (2, 'two', NULL), (3, 'three', 'cat');
    INSERT INTO members VALUES (1, 'ann'), (2, 'ann'), (2, 'bob'), (3, 'cat');
  END $$`

export async function createShop(database: Database): Promise<void> {
  await database.transaction({ isolation: 'read committed', readOnly: false }, async (tx) => {
    for (const statement of [...TABLES, REFILL]) await tx.query(statement)
  })
}
