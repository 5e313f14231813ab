/** What a pull shows, on any database: `pull-postgres.test.ts` and `pull-pglite.test.ts` run all of it. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { noteId } from './support/notes.ts'
import type { PullingClient } from './support/pulling-client.ts'
import type { NotesWorld } from './support/world.ts'

export function pullContract(open: () => Promise<NotesWorld>): void {
  let world: NotesWorld
  let ann: PullingClient
  let bob: PullingClient

  beforeAll(async () => {
    world = await open()
  })
  afterAll(() => world.close())

  beforeEach(async () => {
    await world.run('DELETE FROM notes')
    await world.run(
      `INSERT INTO notes (id, space_id, title) VALUES ('${noteId(1)}', 1, 'a'), ('${noteId(2)}', 2, 'b')`,
    )
    ann = world.client('ann')
    bob = world.client('bob')
    await ann.load()
    await bob.load()
  })

  const titles = (client: PullingClient) => client.texts('notes').map((text) => text.split('|')[2])

  test('[P4] the first pull names the held scopes and their first load brings their rows, nobody else’s', async () => {
    expect(ann.scopes.toSorted()).toEqual(['own:ann', 'public:', 'space:1', 'space:2'])
    expect(bob.scopes.toSorted()).toEqual(['own:bob', 'public:', 'space:2'])
    expect(titles(ann)).toEqual(['a', 'b'])
    expect(titles(bob)).toEqual(['b'])
    expect(ann.texts('countries')).toEqual(['ch|Schweiz', 'se|Sverige'])
    expect(ann.texts('members')).toEqual(['1|ann', '2|ann', '2|bob'])
  })

  test('[P6] inserts, updates and deletes by any program arrive with the next pull, and only once', async () => {
    await world.run(`INSERT INTO notes (id, space_id, title) VALUES ('${noteId(3)}', 2, 'c')`)
    await world.run(`UPDATE notes SET title = 'a2' WHERE id = '${noteId(1)}'`)
    await world.run(`DELETE FROM notes WHERE id = '${noteId(2)}'`)
    expect((await ann.pull()).tables.map((patch) => patch.table)).toEqual(['notes'])
    expect(titles(ann)).toEqual(['a2', 'c'])
    expect((await ann.pull()).tables).toEqual([])
    await bob.pull()
    expect(titles(bob)).toEqual(['c'])
  })

  test('[P4.2] a row that moves between scopes leaves one device and arrives on the other', async () => {
    await world.run(`UPDATE notes SET space_id = 2 WHERE id = '${noteId(1)}'`)
    await Promise.all([ann.pull(), bob.pull()])
    expect([titles(ann), titles(bob)]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ])
    await world.run(`UPDATE notes SET space_id = 1 WHERE id = '${noteId(2)}'`)
    await Promise.all([ann.pull(), bob.pull()])
    expect([titles(ann), titles(bob)]).toEqual([['a', 'b'], ['a']])
    await world.run(`UPDATE notes SET space_id = NULL`)
    const [response] = await Promise.all([ann.pull(), bob.pull()])
    expect([titles(ann), titles(bob)]).toEqual([[], []])
    expect(response.tables[0]?.removed[0]?.toSorted()).toEqual([noteId(1), noteId(2)])
  })

  test('[P4.2] a change of membership and its effect are seen together', async () => {
    await world.run(`INSERT INTO members VALUES (1, 'bob')`)
    const gained = await bob.pull()
    expect(gained.gained).toEqual(['space:1'])
    expect(gained.tables).toEqual([])
    await bob.load()
    expect(titles(bob)).toEqual(['a', 'b'])
    await world.run(`DELETE FROM members WHERE space_id = 1 AND user_id = 'bob'`)
    await world.run(`UPDATE notes SET title = 'unseen' WHERE space_id = 1`)
    const lost = await bob.pull()
    expect(lost.lost).toEqual(['space:1'])
    expect(JSON.stringify(lost)).not.toContain('unseen')
  })

  test('[P4] a page of a scope that is not held is refused', async () => {
    const response = await bob.ask('/bootstrap', { client: bob.id, scope: 'space:1', position: null })
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({ error: { code: 'scope_not_held' } })
  })

  test('[P13] a change that equality does not see arrives all the same, and an excluded column does not', async () => {
    const set = (what: string) => world.run(`UPDATE notes SET ${what} WHERE id = '${noteId(1)}'`)
    const text = () => ann.texts('notes')[0]
    await set(`amount = 1.5`)
    await set(`extra = '{"a":1}'`)
    await ann.pull()
    expect(text()).toBe(`${noteId(1)}|1|a|1.5|false|{"a":1}`)
    await set(`amount = 1.50`)
    await ann.pull()
    expect(text()).toBe(`${noteId(1)}|1|a|1.50|false|{"a":1}`)
    await set(`extra = '{ "a":1}'`)
    await ann.pull()
    expect(text()).toBe(`${noteId(1)}|1|a|1.50|false|{ "a":1}`)
    await set(`secret = 'x'`)
    await set(`amount = 1.50`)
    expect((await ann.pull()).tables).toEqual([])
  })

  test('[P6.2] a key change is a removal and an arrival; composite keys and their time zones are exact', async () => {
    await world.run(`UPDATE notes SET id = '${noteId(9)}' WHERE id = '${noteId(1)}'`)
    const response = await ann.pull()
    expect(response.tables[0]?.removed).toEqual([[noteId(1)]])
    expect(ann.texts('notes').map((row) => row.slice(0, 36))).toEqual([noteId(2), noteId(9)])

    const elsewhere = (statement: string) =>
      world.database.transaction({ isolation: 'read committed', readOnly: false }, async (tx) => {
        await tx.query(`SET LOCAL timezone = 'Asia/Kolkata'`)
        await tx.query(`SET LOCAL datestyle = 'German'`)
        await tx.query(statement)
      })
    await elsewhere(`INSERT INTO settings VALUES ('ann', '2024-05-06 07:08:09.123456+00', 'x')`)
    await ann.pull()
    expect(ann.texts('settings')).toEqual(['ann|2024-05-06 07:08:09.123456+00|x'])
    await elsewhere(`DELETE FROM settings`)
    await ann.pull()
    expect(ann.texts('settings')).toEqual([])
  })

  test('[P6.2] after TRUNCATE only what was written later is left', async () => {
    await world.run(`TRUNCATE notes`)
    await world.run(`INSERT INTO notes (id, space_id, title) VALUES ('${noteId(5)}', 2, 'later')`)
    const response = await ann.pull()
    expect(response.tables).toMatchObject([{ table: 'notes', truncated: true }])
    expect(titles(ann)).toEqual(['later'])
  })

  test('[P5] a first load goes page by page through tables and keys, in rows and in bytes', async () => {
    await world.run(`
      INSERT INTO notes (id, space_id, title)
      SELECT ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, 3, repeat('x', i % 50)
      FROM generate_series(100, 349) i`)
    const cat = world.client('cat')
    await cat.load()
    expect(cat.texts('notes')).toHaveLength(250)
    expect(cat.texts('spaces')).toEqual(['3|three'])
  })

  test('[P12] responses are compressed where the caller accepts it', async () => {
    await world.run(`UPDATE notes SET title = repeat('long ', 1000)`)
    const acknowledged = 0
    const request = { client: ann.id, cursor: ann.cursor, acknowledged, scopes: ann.scopes }
    const plain = await ann.ask('/pull', request)
    const brotli = await ann.ask('/pull', request, { 'accept-encoding': 'gzip, br' })
    const gzip = await ann.ask('/pull', request, { 'accept-encoding': 'gzip' })
    expect(plain.headers.get('content-encoding')).toBe(null)
    expect(brotli.headers.get('content-encoding')).toBe('br')
    expect(gzip.headers.get('content-encoding')).toBe('gzip')
    const { brotliDecompressSync, gunzipSync } = await import('node:zlib')
    const tables = (json: string) => (JSON.parse(json) as { tables: unknown }).tables
    const expected = tables(await plain.text())
    expect(tables(brotliDecompressSync(await brotli.arrayBuffer()).toString())).toEqual(expected)
    expect(tables(gunzipSync(await gzip.arrayBuffer()).toString())).toEqual(expected)
  })
}
