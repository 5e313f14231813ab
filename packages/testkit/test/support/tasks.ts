/** A small app for whole-system tests, on a real Postgres. */
import { defineSync } from '@landfall/schema'
import { type Database, memberOf, openDatabase } from '@landfall/server'
import { createTestDatabase } from '@landfall/tools/postgres'
import { comments, members, projects, tasks, TASKS_DDL } from '@landfall/tools/tables'

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
  write: { members: false },
})

export const holders = {
  project: memberOf(members, { user: (m) => m.userId, key: (m) => m.projectId }),
}

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
  await app.psql(...TASKS_DDL)
  return app
}
