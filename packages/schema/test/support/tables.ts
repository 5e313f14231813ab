/** A schema of every kind of table, and its sync. */
import { sql } from 'drizzle-orm'
import * as pg from 'drizzle-orm/pg-core'
import { defineSync } from '../../src/index.ts'

export const status = pg.pgEnum('status', ['open', 'done'])

export const projects = pg.pgTable('projects', {
  id: pg.uuid().primaryKey().defaultRandom(),
  name: pg.text().notNull(),
  createdAt: pg.timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
})

export const checks = pg.pgTable(
  'checks',
  {
    id: pg.uuid().primaryKey(),
    projectId: pg
      .uuid('project_id')
      .notNull()
      .references(() => projects.id),
    title: pg.varchar({ length: 80 }).notNull().default('it’s untitled'),
    status: status().notNull().default('open'),
    votes: pg.integer().notNull().default(0),
    tags: pg.text().array(),
    internalCost: pg.numeric('internal_cost', { precision: 10, scale: 2 }),
    doneBy: pg
      .text('done_by')
      .notNull()
      .$defaultFn(() => 'me'),
    editedBy: pg.text('edited_by').$onUpdateFn(() => 'them'),
    double: pg.integer().generatedAlwaysAs(sql`votes * 2`),
    number: pg.bigint({ mode: 'bigint' }).generatedAlwaysAsIdentity(),
  },
  (t) => [
    pg.index().on(t.projectId, t.status),
    pg.index().on(t.status).where(sql`votes > 0`),
    pg.index().using('gin', t.tags),
    pg.uniqueIndex().on(sql`lower(title)`),
    pg.index().on(t.internalCost),
    pg.unique().on(t.title),
  ],
)

export const members = pg.pgTable(
  'members',
  {
    projectId: pg.uuid('project_id').notNull(),
    userId: pg.text('user_id').notNull(),
    invitedBy: pg.text('invited_by'),
  },
  (t) => [
    pg.primaryKey({ columns: [t.projectId, t.userId] }),
    pg.foreignKey({ columns: [t.projectId], foreignColumns: [projects.id] }),
    pg.foreignKey({ columns: [t.projectId, t.invitedBy], foreignColumns: [t.projectId, t.userId] }),
  ],
)

export const countries = pg.pgTable('countries', {
  code: pg.char({ length: 2 }).primaryKey(),
  name: pg.text().notNull(),
})

export const sync = defineSync({
  tables: { checks, members, projects, countries },
  scopes: {
    project: { projects: (p) => p.id, checks: (c) => c.projectId, members: (m) => m.projectId },
    public: { countries: true },
  },
  columns: { checks: { exclude: ['internalCost'], readonly: ['votes'] } },
  conflicts: {
    checks: {
      title: 'review',
      votes: 'counter',
      tags: ({ mine, theirs }) => [...new Set([...(theirs ?? []), ...(mine ?? [])])],
      '*': 'first-write',
    },
  },
})
