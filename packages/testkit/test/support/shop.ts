/** An app whose rows are where their parents are: regions of customers, their orders, lines, and remarks on a line. */
import { defineSync, through } from '@landfall/schema'
import { type Database, memberOf, openDatabase } from '@landfall/server'
import { createTestDatabase } from '@landfall/tools/postgres'
import * as pg from 'drizzle-orm/pg-core'
import { expect } from 'vitest'
import type { Device } from '@landfall/testkit'

const seats = pg.pgTable('seats', { user: pg.text().notNull(), region: pg.text().notNull() })
const customers = pg.pgTable('customers', { id: pg.integer().primaryKey(), region: pg.text() })
const orders = pg.pgTable('orders', {
  id: pg.text().primaryKey(),
  customerId: pg.integer('customer_id'),
  total: pg.integer().notNull().default(0),
})
const lines = pg.pgTable(
  'lines',
  { orderId: pg.text('order_id').notNull(), n: pg.integer().notNull(), title: pg.text() },
  (t) => [pg.primaryKey({ columns: [t.orderId, t.n] })],
)
const remarks = pg.pgTable('remarks', {
  id: pg.text().primaryKey(),
  orderId: pg.text('order_id'),
  n: pg.integer(),
  body: pg.text(),
})

export const sync = defineSync({
  tables: { remarks, lines, orders, customers },
  scopes: {
    region: {
      customers: (t) => t.region,
      orders: (t) => through(t.customerId, customers),
      lines: (t) => through(t.orderId, orders),
      remarks: (t) => through([t.orderId, t.n], lines),
    },
  },
  conflicts: { lines: { title: 'review' } },
})

export const holders = { region: memberOf(seats, { user: (s) => s.user, key: (s) => s.region }) }

export const SHOP_DDL = [
  'CREATE TABLE seats ("user" text, region text, PRIMARY KEY ("user", region))',
  'CREATE TABLE customers (id int PRIMARY KEY, region text)',
  `CREATE TABLE orders (id text PRIMARY KEY, total int NOT NULL DEFAULT 0,
    customer_id int REFERENCES customers ON UPDATE CASCADE ON DELETE CASCADE)`,
  'CREATE INDEX ON orders (customer_id)',
  `CREATE TABLE lines (order_id text NOT NULL REFERENCES orders ON UPDATE CASCADE ON DELETE CASCADE,
    n int NOT NULL, title text, PRIMARY KEY (order_id, n))`,
  `CREATE TABLE remarks (id text PRIMARY KEY, order_id text, n int, body text,
    FOREIGN KEY (order_id, n) REFERENCES lines ON UPDATE CASCADE ON DELETE SET NULL)`,
  'CREATE INDEX ON remarks (order_id, n)',
]

export const FIRST_ROWS = [
  `INSERT INTO seats VALUES ('ann', 'north'), ('ann', 'east'), ('bob', 'south'), ('all', 'north'), ('all', 'south'), ('all', 'east')`,
  `INSERT INTO customers VALUES (1, 'north'), (2, 'south'), (3, 'east'), (4, NULL)`,
  `INSERT INTO orders (id, customer_id) VALUES ('a', 1), ('b', 2), ('c', 3), ('d', 4), ('e', NULL)`,
  `INSERT INTO lines SELECT id, n, id || n FROM orders, generate_series(1, 2) n`,
  `INSERT INTO remarks SELECT order_id || n, order_id, n, 'on ' || title FROM lines`,
]

export type Shop = {
  kind: 'postgres' | 'pglite'
  url: string
  database: Database
  psql(...statements: string[]): Promise<void>
  rows(query: string): Promise<{ [column: string]: string | null }[]>
  close(): Promise<void>
}

export async function openShop(kind: Shop['kind']): Promise<Shop> {
  const server = kind === 'postgres' ? await createTestDatabase() : null
  const url = server?.url ?? 'pglite:memory'
  const database = await openDatabase(url)
  const shop: Shop = {
    kind,
    url,
    database,
    async psql(...statements) {
      for (const statement of statements)
        await database.transaction({ isolation: 'read committed', readOnly: false }, (tx) =>
          tx.query(statement),
        )
    },
    rows: (query) =>
      database.transaction({ isolation: 'read committed', readOnly: true }, (tx) => tx.query(query)),
    async close() {
      await database.close()
      await server?.drop()
    },
  }
  await shop.psql(...SHOP_DDL, ...FIRST_ROWS)
  return shop
}

const REGIONS: { [table: string]: string } = {
  customers: 't.region',
  orders: '(SELECT region FROM customers c WHERE c.id = t.customer_id)',
  lines: '(SELECT region FROM orders o JOIN customers c ON c.id = o.customer_id WHERE o.id = t.order_id)',
  remarks: `(SELECT region FROM lines l JOIN orders o ON o.id = l.order_id JOIN customers c ON c.id = o.customer_id
    WHERE (l.order_id, l.n) = (t.order_id, t.n))`,
}
const COLUMNS: { [table: string]: string } = {
  customers: 'id, region',
  orders: 'id, customer_id, total',
  lines: 'order_id, n, title',
  remarks: 'id, order_id, n, body',
}

/** The device has the rows of its user's regions, no others, and says so itself. */
export async function expectExact(shop: Shop, device: Device, user: string): Promise<void> {
  for (const [table, region] of Object.entries(REGIONS)) {
    const columns = (COLUMNS[table] ?? '').split(', ')
    const key = columns.slice(0, 2).join(', ')
    const texts = columns.map((column) => `${column}::text AS ${column}`).join(', ')
    const theirs = await shop.rows(
      `SELECT ${texts} FROM ${table} t WHERE ${region} IN (SELECT region FROM seats WHERE "user" = '${user}') ORDER BY ${key}`,
    )
    const mine = await device.rows(`SELECT ${columns.join(', ')} FROM ${table} ORDER BY ${key}`)
    const compared = (rows: readonly object[]) =>
      rows
        .map((row) =>
          Object.entries(row)
            .map(([name, value]) => `${name}=${JSON.stringify(value)?.replaceAll('"', '')}`)
            .join(' '),
        )
        .sort()
    expect([table, ...compared(mine as object[])]).toEqual([table, ...compared(theirs)])
  }
}
