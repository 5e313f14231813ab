/** The tables of schema.sql for Drizzle: what `drizzle-kit pull` writes, by hand. */
import {
  bigint,
  bigserial,
  boolean,
  char,
  date,
  integer,
  jsonb,
  numeric,
  pgEnum,
  pgTable,
  primaryKey,
  serial,
  smallint,
  text,
  timestamp,
  uuid,
  varchar,
} from 'drizzle-orm/pg-core'
import { sql } from 'drizzle-orm'

export const orderStatus = pgEnum('order_status', ['draft', 'placed', 'shipped'])

export const countries = pgTable('countries', {
  code: char({ length: 2 }).primaryKey(),
  name: text().notNull(),
})

export const currencies = pgTable('currencies', {
  code: char({ length: 3 }).primaryKey(),
  digits: smallint().notNull().default(2),
})

export const categories = pgTable('categories', {
  id: serial().primaryKey(),
  parentId: integer('parent_id'),
  name: text().notNull().unique(),
})

export const products = pgTable('products', {
  id: serial().primaryKey(),
  categoryId: integer('category_id')
    .notNull()
    .references(() => categories.id),
  name: text().notNull(),
  weight: numeric({ precision: 8, scale: 3 }),
  discontinued: boolean().notNull().default(false),
})

export const productPrices = pgTable(
  'product_prices',
  {
    productId: integer('product_id')
      .notNull()
      .references(() => products.id),
    currency: char({ length: 3 })
      .notNull()
      .references(() => currencies.code),
    price: numeric({ precision: 12, scale: 2 }).notNull(),
  },
  (t) => [primaryKey({ columns: [t.productId, t.currency] })],
)

export const companies = pgTable('companies', {
  id: serial().primaryKey(),
  name: text().notNull(),
  country: char({ length: 2 }).references(() => countries.code),
})

export const memberships = pgTable(
  'memberships',
  {
    companyId: integer('company_id')
      .notNull()
      .references(() => companies.id),
    userId: text('user_id').notNull(),
    role: text().notNull().default('member'),
  },
  (t) => [primaryKey({ columns: [t.companyId, t.userId] })],
)

export const customers = pgTable('customers', {
  id: bigserial({ mode: 'bigint' }).primaryKey(),
  companyId: integer('company_id')
    .notNull()
    .references(() => companies.id),
  name: text().notNull(),
  email: varchar({ length: 120 }).unique(),
  since: date().notNull().defaultNow(),
})

export const orders = pgTable('orders', {
  id: uuid().primaryKey().defaultRandom(),
  companyId: integer('company_id')
    .notNull()
    .references(() => companies.id),
  customerId: bigint('customer_id', { mode: 'bigint' })
    .notNull()
    .references(() => customers.id),
  status: orderStatus().notNull().default('draft'),
  placedAt: timestamp('placed_at', { withTimezone: true }),
  extra: jsonb().notNull().default({}),
})

export const orderLines = pgTable(
  'order_lines',
  {
    orderId: uuid('order_id')
      .notNull()
      .references(() => orders.id, { onDelete: 'cascade' }),
    lineNo: integer('line_no').notNull(),
    companyId: integer('company_id')
      .notNull()
      .references(() => companies.id),
    productId: integer('product_id')
      .notNull()
      .references(() => products.id),
    quantity: integer().notNull(),
  },
  (t) => [primaryKey({ columns: [t.orderId, t.lineNo] })],
)

export const tags = pgTable('tags', {
  id: integer().primaryKey().generatedAlwaysAsIdentity(),
  companyId: integer('company_id')
    .notNull()
    .references(() => companies.id),
  label: text().notNull(),
})

export const settings = pgTable('settings', {
  userId: text('user_id').primaryKey(),
  theme: text().notNull().default('light'),
  columns: text().array().notNull().default(sql`'{}'`),
})
