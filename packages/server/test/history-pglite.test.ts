import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { migrateSync } from '../src/migrate/migrate.ts'
import { openDatabase } from '../src/database/open-database.ts'
import { createSyncServer } from '../src/server.ts'
import { authorize, createNotesTables, holders, noteId, sync } from './support/notes.ts'
import { createPullingClient } from './support/pulling-client.ts'
import { authenticate } from './support/world.ts'

test('[P11] a PGlite directory that is closed and opened again keeps its rows, its log and its clients’ cursors', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'landfall-pglite-'))
  const address = `pglite:${join(folder, 'deep', 'data')}`
  const insert = (number: number) =>
    `INSERT INTO notes (id, space_id, title) VALUES ('${noteId(number)}', 1, 'n${number}')`
  const open = async () => {
    const database = await openDatabase(address)
    const run = (sql: string) =>
      database.transaction({ isolation: 'read committed', readOnly: false }, (tx) => tx.query(sql))
    return { database, run, server: createSyncServer({ sync, database, authenticate, authorize, holders }) }
  }

  const first = await open()
  await createNotesTables(first.database)
  await migrateSync(first.database, sync)
  const ann = createPullingClient(first.server, sync.manifest, 'ann')
  await ann.load()
  await first.run(insert(1))
  await ann.pull()
  await first.run(insert(2))
  await first.server.close()
  await first.database.close()

  const second = await open()
  expect(await migrateSync(second.database, sync)).toMatchObject({ captured: [], others: [] })
  await second.run(insert(3))
  const again = createPullingClient(second.server, sync.manifest, 'ann')
  Object.assign(again, { cursor: ann.cursor, scopes: ann.scopes })
  await again.pull()
  expect(again.texts('notes').map((text) => text.split('|')[2])).toEqual(['n2', 'n3'])
  await second.server.close()
  await second.database.close()
  rmSync(folder, { recursive: true })
})
