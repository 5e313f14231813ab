/** A small app for whole-system tests: projects with members, tasks with exact and defaulted columns, comments. */
import { defineSync } from '@landfall/schema'
import { type Database, openDatabase } from '@landfall/server'
import { createTestDatabase } from '@landfall/tools/postgres'
import { sql } from 'drizzle-orm'
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

const projects = pgTable('projects', { id: text().primaryKey(), name: text().notNull() })

const members = pgTable(
  'members',
  { projectId: text('project_id').notNull(), userId: text('user_id').notNull() },
  (t) => [primaryKey({ columns: [t.projectId, t.userId] })],
)

const tasks = pgTable('tasks', {
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

const comments = pgTable('comments', {
  id: uuid().primaryKey(),
  taskId: uuid('task_id')
    .notNull()
    .references(() => tasks.id, { onDelete: 'cascade' }),
  projectId: text('project_id').notNull(),
  body: text().notNull(),
})

export const sync = defineSync({
  tables: { projects, members, tasks, comments },
  scopes: {
    project: {
      projects: (t) => t.id,
      members: (t) => t.projectId,
      tasks: (t) => t.projectId,
      comments: (t) => t.projectId,
    },
  },
})

export const holders = {
  project: ({ userId }: { userId: string }) => sql`select project_id from members where user_id = ${userId}`,
}

const DDL = `
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
  INSERT INTO members VALUES ('p1', 'ada'), ('p1', 'ben'), ('p2', 'ben')`

export type TestApp = {
  database: Database
  /** Another program's statements, each its own transaction. */
  psql(...statements: string[]): Promise<void>
  rows(query: string): Promise<{ [column: string]: string | null }[]>
  close(): Promise<void>
}

export async function createTasksApp(): Promise<TestApp> {
  const { url, drop } = await createTestDatabase()
  const database = await openDatabase(url)
  const app: TestApp = {
    database,
    async psql(...statements) {
      for (const statement of statements) {
        await database.transaction({ isolation: 'read committed', readOnly: false }, (tx) =>
          tx.query(statement),
        )
      }
    },
    rows: (query) =>
      database.transaction({ isolation: 'read committed', readOnly: true }, (tx) => tx.query(query)),
    async close() {
      await database.close()
      await drop()
    },
  }
  await app.psql(...DDL.split(';'))
  return app
}

/** A task's id that reads well in a failing test. */
export const id = (number: number): string => `00000000-0000-4000-8000-${`${number}`.padStart(12, '0')}`
