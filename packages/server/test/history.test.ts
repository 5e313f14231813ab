/**
 * What becomes of cursors when Postgres restarts, comes back from an older backup, or the log is pruned (P11).
 * Each restore is a real one: the files of a crashed server are put back, and it recovers from them.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { historyId } from '@landfall/protocol'
import { type PostgresServer, startPostgres } from '@landfall/tools/postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bookkeepingIn } from '../src/log/bookkeeping.ts'
import { pruneHistory } from '../src/log/prune.ts'
import { noteId } from './support/notes.ts'
import type { PullingClient } from './support/pulling-client.ts'
import { createNotesWorld, type NotesWorld } from './support/world.ts'

let server: PostgresServer
let world: NotesWorld
let folder: string
let dataDirectory: string

beforeAll(async () => {
  // As in production: what was committed is in the log when it is acknowledged.
  server = await startPostgres({ settings: { synchronous_commit: 'on' } })
  world = await createNotesWorld({ address: server.url })
  folder = mkdtempSync(join(tmpdir(), 'landfall-backup-'))
  const [row] = await world.run(`SELECT current_setting('data_directory') AS path`)
  dataDirectory = row?.['path'] ?? ''
})

afterAll(async () => {
  await world.close()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function backUp(name: string): Promise<void> {
  await server.kill()
  execFileSync('cp', ['-a', dataDirectory, join(folder, name)])
  await server.start()
}

/** Of the running server, after a checkpoint and while nothing writes: the same as of a crashed one. */
async function copyRunning(name: string): Promise<void> {
  await world.run('CHECKPOINT')
  execFileSync('cp', ['-a', dataDirectory, join(folder, name)])
}

async function restore(name: string): Promise<void> {
  await server.kill()
  rmSync(dataDirectory, { recursive: true })
  execFileSync('cp', ['-a', join(folder, name), dataDirectory])
  await server.start()
}

/** The first request after a loss may meet a connection that does not know it is dead. */
async function pullCode(client: PullingClient): Promise<string> {
  const request = { client: client.id, cursor: client.cursor, acknowledged: 0, scopes: client.scopes }
  const response = await client.ask('/pull', request)
  const body = (await response.json()) as { error?: { code: string; details: { reason?: string } } }
  return body.error ? `${response.status} ${body.error.code} ${body.error.details.reason ?? ''}` : 'ok'
}

const insert = (number: number, title = 'x') =>
  world.run(`INSERT INTO notes (id, space_id, title) VALUES ('${noteId(number)}', 2, '${title}')`)

const titles = (client: PullingClient) => client.texts('notes').map((text) => text.split('|')[2])

test('[P11] cursors outlive a restart and a crash of Postgres', async () => {
  const ann = world.client('ann')
  await ann.load()
  await insert(1, 'before')
  await server.restart()
  await insert(2, 'between')
  await ann.pull()
  expect(titles(ann)).toEqual(['before', 'between'])
  await server.kill()
  await server.start()
  await insert(3, 'after')
  await ann.pull()
  expect(titles(ann)).toEqual(['before', 'between', 'after'])
})

test('[P11] restored from an older backup: cursors from before it go on, later ones start over', async () => {
  const early = world.client('ann')
  await early.load()
  await insert(10, 'kept')
  await backUp('first')
  const late = world.client('ann')
  await late.load()
  await insert(11, 'lost')
  await late.pull()
  expect(titles(late)).toContain('lost')

  await restore('first')
  expect(await pullCode(late)).toMatch(/^410 history_lost /)
  await early.pull()
  expect(titles(early)).toContain('kept')
  expect(titles(early)).not.toContain('lost')
})

test('[P11.6] a restore is noticed even when other programs have used up more xids before the next pull', async () => {
  const client = world.client('ann')
  await client.load()
  await backUp('second')
  await insert(20, 'lost')
  await client.pull()
  await restore('second')
  for (let i = 0; i < 40; i++) await insert(30 + i, 'other history')
  expect(await pullCode(client)).toMatch(/^410 history_lost /)
  const fresh = world.client('ann')
  await fresh.load()
  expect(titles(fresh)).not.toContain('lost')
  expect(titles(fresh).filter((title) => title === 'other history')).toHaveLength(40)
})

test('[P11.6] a restore that a checkpoint has hidden is noticed by the changes', async () => {
  const client = world.client('ann')
  await client.load()
  await copyRunning('third')
  await insert(80, 'lost')
  await client.pull()
  await restore('third')
  for (let i = 0; i < 40; i++) await insert(90 + i, 'other history')
  await world.run('CHECKPOINT')
  expect(await pullCode(client)).toBe('410 history_lost changes_differ')
})

test('[P11.6] a restore to a moment at which a transaction was open is noticed by what it had written', async () => {
  const client = world.client('ann')
  await client.load()
  let commit = () => {}
  const committed = new Promise<void>((resolve) => (commit = resolve))
  let long = Promise.resolve()
  await new Promise<void>((written) => {
    long = world.database.transaction({ isolation: 'read committed', readOnly: false }, async (tx) => {
      await tx.query(`INSERT INTO notes (id, space_id, title) VALUES ('${noteId(140)}', 2, 'open')`)
      written()
      await committed
    })
  })
  await insert(141, 'kept')
  await copyRunning('fourth')
  commit()
  await long
  await client.pull()
  expect(titles(client)).toContain('open')
  await restore('fourth')
  expect(await pullCode(client)).toBe('410 history_lost changes_differ')
})

test('[P11] a burst of changes gets a history row of its own, so that few are counted for each cursor', async () => {
  const rows = () => world.run('SELECT count(*)::int AS n FROM landfall.history')
  const client = world.client('ann')
  await client.load()
  const before = await rows()
  await world.run(`
    INSERT INTO notes (id, space_id, title)
    SELECT md5('burst ' || n)::uuid, 3, 'burst' FROM generate_series(1, 2001) AS n`)
  await client.pull()
  await client.pull()
  expect(Number((await rows())[0]?.['n'])).toBe(Number(before[0]?.['n']) + 1)
  await insert(142, 'after the burst')
  await client.pull()
  expect(titles(client)).toContain('after the burst')
})

test('[P11.6] a cursor that proves itself in the way of an older Landfall starts over', async () => {
  const client = world.client('ann')
  await client.load()
  const { cursor } = client
  if (cursor === null) throw new Error('nothing was loaded')
  const [nonce = ''] = cursor.history.split('/')
  client.cursor = { ...cursor, history: historyId(`${nonce}/845.12.11700000000000000`) }
  expect(await pullCode(client)).toBe('410 history_lost changes_differ')
})

test('[P11] pruning keeps what younger cursors need and tells older ones to start over', async () => {
  const age = () => world.run(`UPDATE landfall.history SET at = at - interval '1 hour'`)
  const old = world.client('ann')
  await old.load()
  await age()
  const young = world.client('ann')
  await young.load()
  await age()
  await insert(200, 'young')
  await world.client('ann').load()
  const retentionMs = 30 * 60_000
  expect(await pruneHistory(world.database, bookkeepingIn(), retentionMs)).toBeGreaterThan(0)

  expect(await pullCode(old)).toBe('410 history_lost unknown')
  await young.pull()
  expect(titles(young)).toContain('young')
  expect(await pruneHistory(world.database, bookkeepingIn(), retentionMs)).toBe(0)
})

test('[P11] pruning a quiet log leaves none of it, and the cursors stay good', async () => {
  await insert(300)
  const client = world.client('ann')
  await client.load()
  for (let i = 0; i < 3; i++) {
    await world.run(`UPDATE landfall.history SET at = at - interval '1 hour'`)
    await client.pull()
    await pruneHistory(world.database, bookkeepingIn(), 60_000)
  }
  expect(await world.run('SELECT count(*)::text FROM landfall.changes')).toEqual([{ count: '0' }])
  expect(await pullCode(client)).toBe('ok')
})

test('[P11.6] pruning by a history that came from another cluster keeps what was written in this one', async () => {
  await world.run(`
    UPDATE landfall.history
    SET at = at - interval '1 day', system_identifier = 'another', snapshot = '4000000000:4000000000:'`)
  const client = world.client('ann')
  await client.load()
  await insert(310, 'after the move')
  await pruneHistory(world.database, bookkeepingIn(), 60_000)
  await client.pull()
  expect(titles(client)).toContain('after the move')
})

test('[P11] log rows that came from another cluster do not look new for ever', async () => {
  await world.run(`
    INSERT INTO landfall.changes (xid, tbl, key, scope, op, hlc)
    VALUES ('4000000000', 'notes', '{${noteId(1)}}', 'space:2', 'u', 1)`)
  await world.run(`UPDATE landfall.history SET system_identifier = 'another'`)
  const client = world.client('ann')
  await client.load()
  expect((await client.pull()).tables).toEqual([])
  expect(await world.run(`SELECT FROM landfall.changes WHERE xid = '4000000000'`)).toEqual([])
})
