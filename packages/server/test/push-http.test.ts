/** A push as clients see it: over HTTP, with the pull that follows it. */
import { encodeHlc, hlcFromTime, type SyncResponse } from '@landfall/protocol'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { noteId } from './support/notes.ts'
import { answer, type PullingClient } from './support/pulling-client.ts'
import { createNotesWorld, type NotesWorld } from './support/world.ts'

let world: NotesWorld
let ann: PullingClient
let bob: PullingClient

beforeAll(async () => {
  world = await createNotesWorld()
})
afterAll(() => world.close())
beforeEach(async () => {
  await world.run('DELETE FROM notes')
  await world.run(`INSERT INTO notes (id, space_id, title) VALUES ('${noteId(1)}', 2, 'a')`)
  ann = world.client('ann')
  bob = world.client('bob')
  await ann.load()
  await bob.load()
})

/** Pushes one new title and pulls, in one round trip. */
async function retitle(
  client: PullingClient,
  number: number,
  change: { id: string; from: string; to: string },
) {
  const hlc = encodeHlc(hlcFromTime(Date.now() + number))
  const block = {
    table: 'notes',
    operation: 'update',
    columns: ['title'],
    keys: [[change.id]],
    old: [[change.from]],
    new: [[change.to]],
  }
  const pull = { client: client.id, cursor: client.cursor, acknowledged: 0, scopes: client.scopes }
  const changesets = [{ number, hlc, label: null, changes: [block] }]
  const push = { client: client.id, history: client.cursor?.history, moved: 0, changesets }
  return answer<SyncResponse>(await client.ask('/sync', { push, pull }))
}

test('[P9] the pull that follows a push has its rows and acknowledges its number', async () => {
  const { push, pull } = await retitle(ann, 1, { id: noteId(1), from: 'a', to: 'b' })
  expect(push).toEqual({ ok: true, value: { verdicts: [{ number: 1, outcome: 'applied', error: null }] } })
  expect(pull).toMatchObject({ ok: true, value: { acknowledged: 1, rejections: [], conflicts: [] } })
  expect(JSON.stringify(pull)).toContain('"b"')
  await bob.pull()
  expect(bob.texts('notes')).toMatchObject([expect.stringContaining('|b|')])
})

test('[P7] a rejection comes with every pull until it is acknowledged', async () => {
  const { push, pull } = await retitle(ann, 1, { id: noteId(9), from: 'a', to: 'b' })
  expect(push).toMatchObject({ ok: true, value: { verdicts: [{ outcome: 'rejected' }] } })
  const rejection = {
    number: 1,
    error: { code: 'row_missing', details: { table: 'notes', key: [noteId(9)] } },
  }
  expect(pull).toMatchObject({ ok: true, value: { acknowledged: 1, rejections: [rejection] } })
  expect((await ann.pull()).rejections).toMatchObject([rejection])
  const acknowledged = { client: ann.id, cursor: ann.cursor, acknowledged: 1, scopes: ann.scopes }
  expect(await (await ann.ask('/pull', acknowledged)).json()).toMatchObject({ rejections: [] })
})

test('[P7.1] a conflict reaches everyone who holds the row’s scope, once, and nobody else', async () => {
  const cat = world.client('cat')
  await cat.load()
  await retitle(ann, 1, { id: noteId(1), from: 'a', to: 'ann' })
  const { pull } = await retitle(bob, 2, { id: noteId(1), from: 'a', to: 'bob' })
  const conflict = {
    table: 'notes',
    key: [noteId(1)],
    column: 'title',
    policy: 'last-write',
    kept: 'mine',
    base: 'a',
    mine: 'bob',
    theirs: 'ann',
    client: bob.id,
    number: 2,
    user: 'bob',
  }
  expect(pull).toMatchObject({ ok: true, value: { conflicts: [conflict] } })
  expect((await ann.pull()).conflicts).toMatchObject([conflict])
  expect((await ann.pull()).conflicts).toEqual([])
  expect((await cat.pull()).conflicts).toEqual([])
})

test('[P8.2] a push that fails does not hold up the pull', async () => {
  await world.run(`UPDATE notes SET title = 'news'`)
  const stranger = { client: ann.id, history: 'unknown/', moved: 0, changesets: [] }
  const pull = { client: ann.id, cursor: ann.cursor, acknowledged: 0, scopes: ann.scopes }
  const response = await answer<SyncResponse>(await ann.ask('/sync', { push: stranger, pull }))
  expect(response.push).toMatchObject({ ok: false, error: { code: 'history_lost' } })
  expect(JSON.stringify(response.pull)).toContain('news')
})
