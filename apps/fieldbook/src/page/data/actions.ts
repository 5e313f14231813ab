/**
 * The page's writes: each is one local transaction with a label, by which people recognise it should the server
 * refuse it.
 */
import type { SqliteValue } from '@landfall/schema'
import { newId, now } from '../platform.ts'
import { type CheckChange, encodeChange } from './check.ts'

/** What the actions need of the database. */
export type Writer = {
  transaction(
    work: (tx: { run(sql: string, params: SqliteValue[]): Promise<unknown> }) => Promise<void>,
    options: { label: string },
  ): Promise<void>
}

export function saveCheck(
  db: Writer,
  check: { id: string; title: string },
  change: CheckChange,
): Promise<void> {
  const { columns, values } = encodeChange(change)
  const set = columns.map((column) => `${column} = ?`).join(', ')
  return write(db, `Change ${columns.map(nameOf).join(', ')} of “${check.title}”`, [
    `update checks set ${set} where id = ?`,
    [...values, check.id],
  ])
}

export async function createCheck(db: Writer, projectId: string, title: string): Promise<string> {
  const id = newId()
  await write(db, `New check “${title}”`, [
    'insert into checks (id, project_id, title) values (?, ?, ?)',
    [id, projectId, title],
  ])
  return id
}

/** Its comments go with it by the foreign key in Postgres, and come back as gone with the next pull. */
export function deleteCheck(db: Writer, check: { id: string; title: string }): Promise<void> {
  return write(db, `Delete “${check.title}”`, ['delete from checks where id = ?', [check.id]])
}

export function addComment(
  db: Writer,
  check: { id: string; project_id: string; title: string },
  comment: { authorId: string; body: string },
): Promise<void> {
  return write(db, `Comment on “${check.title}”`, [
    `insert into comments (id, check_id, project_id, author_id, body, written_at) values (?, ?, ?, ?, ?, ?)`,
    [newId(), check.id, check.project_id, comment.authorId, comment.body, new Date(now()).toISOString()],
  ])
}

/** One statement as one labelled transaction. */
export function write(db: Writer, label: string, [sql, params]: [string, SqliteValue[]]): Promise<void> {
  return db.transaction(
    async (tx) => {
      await tx.run(sql, params)
    },
    { label },
  )
}

const nameOf = (column: string): string => (column === 'assignee_id' ? 'assignee' : column)
