import { LandfallError } from '@landfall/protocol'
import { sql } from 'drizzle-orm'
import * as pg from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import { defineSync, type Problem } from '../src/index.ts'

const status = pg.pgEnum('status', ['open', 'done'])
const projects = pg.pgTable('projects', {
  id: pg.uuid().primaryKey().default(sql`gen_random_uuid()`),
  name: pg.text().notNull(),
  createdAt: pg.timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
})
const checks = pg.pgTable(
  'checks',
  {
    id: pg.uuid().primaryKey(),
    projectId: pg
      .uuid('project_id')
      .notNull()
      .references(() => projects.id),
    title: pg.varchar({ length: 80 }).notNull().default('untitled'),
    status: status().notNull().default('open'),
    votes: pg.integer().notNull().default(0),
    tags: pg.text().array(),
    cost: pg.numeric('internal_cost', { precision: 10, scale: 2 }),
    due: pg.date({ mode: 'date' }),
    doneBy: pg.text('done_by').$defaultFn(() => 'me'),
    total: pg.integer().generatedAlwaysAs(sql`votes * 2`),
    number: pg.bigint({ mode: 'bigint' }).generatedAlwaysAsIdentity(),
  },
  (t) => [
    pg.index().on(t.projectId, t.due),
    pg.index().on(t.status).where(sql`status = 'open'`),
    pg.uniqueIndex().on(sql`lower(title)`),
    pg.unique().on(t.title),
  ],
)
const members = pg.pgTable(
  'members',
  { projectId: pg.uuid('project_id').notNull(), userId: pg.text('user_id').notNull(), role: pg.text() },
  (t) => [
    pg.primaryKey({ columns: [t.projectId, t.userId] }),
    pg.foreignKey({ columns: [t.projectId], foreignColumns: [projects.id] }),
  ],
)
const countries = pg.pgTable('countries', { code: pg.char({ length: 2 }).primaryKey(), name: pg.text() })

const sync = defineSync({
  tables: { checks, members, projects, countries },
  scopes: {
    project: { projects: (p) => p.id, checks: (c) => c.projectId, members: (m) => m.projectId },
    public: { countries: true },
  },
  columns: { checks: { exclude: ['cost'], readonly: ['doneBy'] } },
  conflicts: { checks: { title: 'review', votes: 'counter', tags: 'set', '*': 'first-write' } },
})

const table = (name: string) => {
  const found = sync.manifest.tables.find((candidate) => candidate.name === name)
  if (found === undefined) throw new Error(`no table ${name}`)
  return found
}

test('[P13.3] the manifest holds parents first, Postgres names, keys, scopes and indexes', () => {
  expect(sync.manifest.tables.map((t) => t.name)).toEqual(['projects', 'checks', 'members', 'countries'])
  expect(table('members').key).toEqual(['project_id', 'user_id'])
  expect(table('checks').scopes).toEqual([{ scope: 'project', column: 'project_id' }])
  expect(table('countries').scopes).toEqual([{ scope: 'public', column: null }])
  expect(table('checks').parents).toEqual(['projects'])
  expect(table('checks').indexes).toEqual([['project_id', 'due'], ['title']])
  expect(table('members').indexes).toEqual([])
})
