/**
 * The tables of Fieldbook, as ordinary Drizzle tables on Postgres: the one schema that both sides share.
 *
 * The server's `tables.ts` creates them in SQL; the page never sees this file's SQL types, only the SQLite mirror
 * that `sync.ts` derives from it. Nothing here knows that the tables are synced.
 */
import {
  bigint,
  boolean,
  date,
  index,
  jsonb,
  numeric,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core'

export const checkStatus = pgEnum('check_status', ['open', 'in_progress', 'rework', 'passed'])
export const checkSeverity = pgEnum('check_severity', ['minor', 'moderate', 'major', 'critical'])
export const memberRole = pgEnum('member_role', ['lead', 'inspector', 'guest'])

export const users = pgTable('users', {
  id: uuid('id').primaryKey(),
  name: text('name').notNull(),
  email: text('email').notNull().unique(),
  trade: text('trade').notNull(),
  color: text('color').notNull(),
})

export const projects = pgTable('projects', {
  id: uuid('id').primaryKey(),
  code: text('code').notNull().unique(),
  name: text('name').notNull(),
  address: text('address').notNull(),
  client: text('client').notNull(),
  startsOn: date('starts_on').notNull(),
  archived: boolean('archived').notNull().default(false),
})

export const members = pgTable(
  'members',
  {
    projectId: uuid('project_id')
      .notNull()
      .references(() => projects.id, { onDelete: 'cascade' }),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id),
    role: memberRole('role').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.projectId, table.userId] }),
    index('members_user').on(table.userId),
  ],
)

/** One line of a check's list of steps. */
export type Step = { text: string; done: boolean }

export const checks = pgTable(
  'checks',
  {
    id: uuid('id').primaryKey(),
    projectId: uuid('project_id')
      .notNull()
      .references(() => projects.id, { onDelete: 'cascade' }),
    /** Handed out by Postgres, so it is empty on a device until the check has been synced. */
    number: bigint('number', { mode: 'bigint' }).generatedByDefaultAsIdentity(),
    title: text('title').notNull(),
    notes: text('notes').notNull().default(''),
    location: text('location').notNull().default(''),
    status: checkStatus('status').notNull().default('open'),
    severity: checkSeverity('severity').notNull().default('moderate'),
    assigneeId: uuid('assignee_id').references(() => users.id),
    due: date('due'),
    tags: text('tags').array().notNull().default([]),
    steps: jsonb('steps').$type<Step[]>().notNull().default([]),
    measured: numeric('measured', { precision: 12, scale: 3 }),
    unit: text('unit'),
    createdAt: timestamp('created_at', { withTimezone: true }).notNull().defaultNow(),
    /** What the contractor was charged; stays in the office. */
    internalCost: numeric('internal_cost', { precision: 12, scale: 2 }),
  },
  (table) => [index('checks_project').on(table.projectId)],
)

export const comments = pgTable(
  'comments',
  {
    id: uuid('id').primaryKey(),
    checkId: uuid('check_id')
      .notNull()
      .references(() => checks.id, { onDelete: 'cascade' }),
    projectId: uuid('project_id')
      .notNull()
      .references(() => projects.id, { onDelete: 'cascade' }),
    authorId: uuid('author_id')
      .notNull()
      .references(() => users.id),
    body: text('body').notNull(),
    /** When it was written on the device, which may be long before it was synced. */
    writtenAt: timestamp('written_at', { withTimezone: true }).notNull(),
  },
  (table) => [index('comments_check').on(table.checkId), index('comments_project').on(table.projectId)],
)
