/** An app whose tables stand in several scopes: clubs with members, notes of clubs and people, orders with lines. */
import { defineSync, shared } from '@landfall/schema'
import { sql } from 'drizzle-orm'
import * as pg from 'drizzle-orm/pg-core'
import type { Holders } from '../../src/context.ts'
import type { Database } from '../../src/database/database.ts'
import { memberOf } from '../../src/scopes/member-of.ts'

const projects = pg.pgTable('projects', { id: pg.integer().primaryKey(), name: pg.text() })

const members = pg.pgTable(
  'members',
  {
    projectId: pg
      .integer('project_id')
      .notNull()
      .references(() => projects.id),
    userId: pg.text('user_id').notNull(),
  },
  (t) => [pg.primaryKey({ columns: [t.projectId, t.userId] })],
)

const note = () => ({
  id: pg.integer().primaryKey(),
  projectId: pg.integer('project_id'),
  owner: pg.text(),
  body: pg.text(),
  frozen: pg.boolean().notNull().default(false),
})

const notes = pg.pgTable('notes', note())
const drafts = pg.pgTable('drafts', note())

const orders = pg.pgTable('orders', { id: pg.text().primaryKey(), customer: pg.text() })
const lines = pg.pgTable('lines', {
  id: pg.text().primaryKey(),
  orderId: pg
    .text('order_id')
    .notNull()
    .references(() => orders.id),
})
const settings = pg.pgTable('settings', { userId: pg.text('user_id').primaryKey(), value: pg.text() })

const products = pg.pgTable('products', { id: pg.text().primaryKey(), name: pg.text() })
const labels = pg.pgTable('labels', { id: pg.text().primaryKey(), owner: pg.text(), name: pg.text() })

export const club = defineSync({
  tables: { projects, members, notes, drafts, orders, lines, settings, products, labels },
  scopes: {
    project: {
      projects: (t) => t.id,
      members: (t) => t.projectId,
      notes: (t) => t.projectId,
      drafts: (t) => t.projectId,
    },
    own: {
      members: (t) => t.userId,
      notes: (t) => t.owner,
      drafts: (t) => t.owner,
      settings: (t) => t.userId,
      labels: (t) => t.owner,
    },
    order: { orders: (t) => t.id, lines: (t) => t.orderId },
    everyone: { products: shared(), labels: shared() },
  },
  write: { members: 'project', notes: 'project', drafts: ['own', 'project'], labels: ['own', 'everyone'] },
  conflicts: { notes: { body: 'review' } },
})

export const clubHolders: Holders = {
  project: memberOf(members, { user: (m) => m.userId, key: (m) => m.projectId }),
  own: ({ userId }) => [userId],
  order: { reads: [orders], keys: ({ userId }) => sql`select id from orders where customer = ${userId}` },
}

const NOTE = `id int PRIMARY KEY, project_id int, owner text, body text, frozen boolean NOT NULL DEFAULT false`

const TABLES = [
  'CREATE TABLE projects (id int PRIMARY KEY, name text)',
  `CREATE TABLE members (
    project_id int NOT NULL REFERENCES projects ON DELETE CASCADE, user_id text NOT NULL,
    PRIMARY KEY (project_id, user_id))`,
  `CREATE TABLE notes (${NOTE})`,
  `CREATE TABLE drafts (${NOTE})`,
  'CREATE TABLE orders (id text PRIMARY KEY, customer text)',
  'CREATE TABLE lines (id text PRIMARY KEY, order_id text NOT NULL REFERENCES orders)',
  'CREATE TABLE products (id text PRIMARY KEY, name text)',
  'CREATE TABLE labels (id text PRIMARY KEY, owner text, name text)',
  'CREATE TABLE settings (user_id text PRIMARY KEY, value text)',
]

/** Ann is in projects 1 and 2, bob in 2, cat in 9. */
const REFILL = `
  CREATE FUNCTION refill() RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    DELETE FROM products;
    DELETE FROM labels;
    DELETE FROM settings;
    DELETE FROM lines;
    DELETE FROM orders;
    DELETE FROM drafts;
    DELETE FROM notes;
    DELETE FROM members;
    DELETE FROM projects;
    DELETE FROM landfall.conflicts;
    DELETE FROM landfall.changes;
    INSERT INTO projects VALUES (1, 'one'), (2, 'two'), (9, 'nine');
    INSERT INTO members VALUES (1, 'ann'), (2, 'ann'), (2, 'bob'), (9, 'cat');
    INSERT INTO notes (id, project_id, owner, body)
      VALUES (1, 1, 'ann', 'of one'), (2, 2, 'cat', 'of two'), (9, 9, 'ann', 'of nine');
  END $$`

export async function createClub(database: Database): Promise<void> {
  await database.transaction({ isolation: 'read committed', readOnly: false }, async (tx) => {
    for (const statement of [...TABLES, REFILL]) await tx.query(statement)
  })
}
