/** A synced table that another Postgres feeds by logical replication: its workers fire row triggers only. */
import { type PostgresServer, startPostgres } from '@landfall/tools/postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database } from '../src/database/database.ts'
import { openDatabase } from '../src/database/open-database.ts'
import { query } from './database-contract.ts'
import { noteId } from './support/notes.ts'
import { createNotesWorld, type NotesWorld } from './support/world.ts'

let source: PostgresServer
let target: PostgresServer
let publisher: Database
let world: NotesWorld

beforeAll(async () => {
  ;[source, target] = await Promise.all([
    startPostgres({ settings: { wal_level: 'logical' } }),
    startPostgres(),
  ])
  publisher = await openDatabase(source.url)
  await query(publisher, 'CREATE TABLE notes (id uuid PRIMARY KEY, space_id int, title text)')
  await query(publisher, 'CREATE PUBLICATION fed FOR TABLE notes')
  const subscription = `CREATE SUBSCRIPTION fed CONNECTION '${source.url}' PUBLICATION fed`
  world = await createNotesWorld({ address: target.url, prepare: (run) => subscribe(run, subscription) })
})

/** CREATE SUBSCRIPTION runs outside of transactions only, unless its slot exists. */
async function subscribe(run: (sql: string) => Promise<unknown>, statement: string): Promise<void> {
  await query(publisher, `SELECT pg_create_logical_replication_slot('fed', 'pgoutput')`)
  await run(`${statement} WITH (create_slot = false, enabled = false)`)
  await run('ALTER SUBSCRIPTION fed ENABLE')
}

afterAll(async () => {
  await world.close()
  await publisher.close()
  await target.stop()
  await source.stop()
})

test('[P6.2] what arrives by logical replication is captured', async () => {
  const ann = world.client('ann')
  await ann.load()
  const until = async (expected: string[]) => {
    for (let tries = 0; tries < 3_000; tries++) {
      await ann.pull()
      const titles = ann.texts('notes').map((text) => text.split('|')[2])
      if (titles.join() === expected.join()) return
    }
    expect(ann.texts('notes')).toEqual(expected)
  }
  await query(publisher, `INSERT INTO notes VALUES ('${noteId(1)}', 1, 'a'), ('${noteId(2)}', 1, 'b')`)
  await until(['a', 'b'])
  await query(publisher, `UPDATE notes SET title = 'c' WHERE title = 'a'`)
  await query(publisher, `DELETE FROM notes WHERE title = 'b'`)
  await until(['c'])
  expect(ann.texts('notes')).toEqual([`${noteId(1)}|1|c||false|`])
})
