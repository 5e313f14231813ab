/**
 * Tables that tests of several packages share, each with the statements that make it in Postgres.
 *
 * What is synced of them, and to whom, each test says itself.
 */
import {
  bigint,
  boolean,
  jsonb,
  numeric,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core'

/** Rows for everyone. */
export const countries = pgTable('countries', { code: text().primaryKey(), name: text().notNull() })

export const COUNTRIES_DDL = 'CREATE TABLE countries (code text PRIMARY KEY, name text NOT NULL)'

/** A small app: projects with members, tasks with exact and defaulted columns, comments. */
export const projects = pgTable('projects', { id: text().primaryKey(), name: text().notNull() })

export const members = pgTable(
  'members',
  { projectId: text('project_id').notNull(), userId: text('user_id').notNull() },
  (t) => [primaryKey({ columns: [t.projectId, t.userId] })],
)

export const tasks = pgTable('tasks', {
  id: uuid().primaryKey(),
  projectId: text('project_id').notNull(),
  title: text().notNull(),
  done: boolean().notNull().default(false),
  points: bigint({ mode: 'bigint' }),
  cost: numeric(),
  due: timestamp({ withTimezone: true, mode: 'string' }),
  extra: jsonb(),
  createdAt: timestamp('created_at', { withTimezone: true, mode: 'string' }).notNull().defaultNow(),
})

export const comments = pgTable('comments', {
  id: uuid().primaryKey(),
  taskId: uuid('task_id')
    .notNull()
    .references(() => tasks.id, { onDelete: 'cascade' }),
  projectId: text('project_id').notNull(),
  body: text().notNull(),
})

/** With two projects: Ada is in the first, Ben in both. */
export const TASKS_DDL = `
  CREATE TABLE projects (id text PRIMARY KEY, name text NOT NULL);
  CREATE TABLE members (project_id text NOT NULL, user_id text NOT NULL, PRIMARY KEY (project_id, user_id));
  CREATE TABLE tasks (
    id uuid PRIMARY KEY, project_id text NOT NULL, title text NOT NULL CHECK (title <> 'forbidden'),
    done boolean NOT NULL DEFAULT false, points bigint, cost numeric, due timestamptz, extra jsonb,
    created_at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE comments (
    id uuid PRIMARY KEY, task_id uuid NOT NULL REFERENCES tasks ON DELETE CASCADE, project_id text NOT NULL,
    body text NOT NULL);
  INSERT INTO projects VALUES ('p1', 'One'), ('p2', 'Two');
  INSERT INTO members VALUES ('p1', 'ada'), ('p1', 'ben'), ('p2', 'ben')`.split(';')

/** A uuid that reads well in a failing test. */
export function uuidOf(number: number): string {
  return `00000000-0000-4000-8000-${number.toString().padStart(12, '0')}`
}
