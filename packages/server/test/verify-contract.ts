/** What `POST /verify` answers, on any database; the sums are made here once more, by other means than the engine's. */
import { createHash } from 'node:crypto'
import {
  clientId,
  type Cursor,
  type ErrorData,
  type ScopeKey,
  type VerifyAsk,
  type VerifyRequest,
  type VerifyResponse,
  type WireRow,
} from '@landfall/protocol'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { noteId } from './support/notes.ts'
import { answer, type PullingClient } from './support/pulling-client.ts'
import type { NotesWorld } from './support/world.ts'

export function verifyContract(open: () => Promise<NotesWorld>): void {
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
      `INSERT INTO notes (id, space_id, title, amount, extra) VALUES
        ('${noteId(1)}', 1, 'a', 1.50, '{"a" : 1}'), ('${noteId(2)}', 2, E'"\\\\\\t\\u0001\\u007f\\u2028é', NULL, NULL),
        ('${noteId(3)}', 2, '', 0, 'null')`,
    )
    ann = world.client('ann')
    bob = world.client('bob')
    await ann.load()
    await bob.load()
  })

  const request = (
    client: PullingClient,
    ask: VerifyAsk,
    asked: Partial<VerifyRequest> = {},
  ): VerifyRequest => ({
    client: clientId(client.id),
    cursor: client.cursor as Cursor,
    table: 'notes',
    scopes: ['space:1', 'space:2'] as ScopeKey[],
    ask,
    ...asked,
  })
  const askFor = async (client: PullingClient, ask: VerifyAsk, asked: Partial<VerifyRequest> = {}) => {
    const response = await answer<VerifyResponse>(await client.ask('/verify', request(client, ask, asked)))
    if (response.behind) throw new Error('behind')
    return response
  }
  const refusal = async (ask: unknown, asked: object = {}) => {
    const response = await ann.ask('/verify', { ...request(ann, ask as VerifyAsk), ...asked })
    return ((await response.json()) as { error: ErrorData }).error?.code
  }
  const rowsOf = (client: PullingClient, space: string) =>
    [...(client.rows.get('notes')?.values() ?? [])].filter((row) => row[1] === space)
  const sumOf = (client: PullingClient, space: string) => ({
    scope: `space:${space}`,
    ...sumUp(rowsOf(client, space)),
  })

  test('[P3.3] count and sum of a scope are those of its rows’ hashes, whatever the texts hold', async () => {
    const { except, answer: told } = await askFor(ann, { kind: 'checksums' })
    expect(except).toEqual([[]])
    expect(told).toEqual({
      kind: 'checksums',
      scopes: expect.arrayContaining([sumOf(ann, '1'), sumOf(ann, '2')]),
    })
  })

  test('[P3.3] keys changed since the cursor are named and left out, the rest is as it was', async () => {
    await world.run(`UPDATE notes SET title = 'changed' WHERE id = '${noteId(3)}'`)
    await world.run(`DELETE FROM notes WHERE id = '${noteId(1)}'`)
    await world.run(`INSERT INTO notes (id, space_id) VALUES ('${noteId(4)}', 2)`)
    const { except, answer: told } = await askFor(ann, { kind: 'checksums' })
    expect(except[0]?.toSorted()).toEqual([noteId(1), noteId(3), noteId(4)])
    const [left = []] = rowsOf(ann, '2').filter((row) => row[0] === noteId(2))
    expect(told).toEqual({ kind: 'checksums', scopes: [{ scope: 'space:2', ...sumUp([left]) }] })
  })

  test('[P3.3] buckets and row hashes add up to the same', async () => {
    const scopes = ['space:2'] as ScopeKey[]
    const { answer: buckets } = await askFor(ann, { kind: 'buckets', bits: 12 }, { scopes })
    if (buckets.kind !== 'buckets') throw new Error(buckets.kind)
    expect(buckets.buckets.toSorted((a, b) => a.bucket - b.bucket)).toEqual(
      rowsOf(ann, '2')
        .map((row) => ({ bucket: Number(hashOf([row[0] ?? null]) >> 52n), ...sumUp([row]) }))
        .toSorted((a, b) => a.bucket - b.bucket),
    )
    const [{ bucket } = { bucket: 0 }] = buckets.buckets
    const { answer: hashes } = await askFor(ann, { kind: 'hashes', bits: 12, buckets: [bucket] }, { scopes })
    const [row = []] = rowsOf(ann, '2').filter(([key]) => Number(hashOf([key ?? null]) >> 52n) === bucket)
    const hash = hashOf(row).toString(16).padStart(16, '0')
    expect(hashes).toEqual({ kind: 'hashes', keys: [[row[0]]], hashes: [hash] })
  })

  test('[P3.3] rows come as they are now, and a key that is no value of its type names none', async () => {
    await world.run(`UPDATE notes SET title = 'now' WHERE id = '${noteId(1)}'`)
    const keys = [[noteId(1), noteId(9), 'no uuid', noteId(3)]]
    const { answer: told } = await askFor(ann, { kind: 'rows', keys }, { scopes: ann.scopes })
    if (told.kind !== 'rows') throw new Error(told.kind)
    expect([told.answered, told.rows[0], told.rows[2]]).toEqual([4, [noteId(1), noteId(3)], ['now', '']])
  })

  test('[P3.3] a scope key that is no value of its column’s type does not keep the others from an answer', async () => {
    const generous = world.client('cat')
    await generous.load()
    const scopes = [...ann.scopes, 'space:none', 'space:2 '] as ScopeKey[]
    const { lost } = await askFor(ann, { kind: 'checksums' }, { scopes })
    expect(lost).toEqual(['space:none', 'space:2 '])
  })

  test('[P4] of scopes that are not held there is no sum, hash, row or changed key', async () => {
    await world.run(`UPDATE notes SET title = 'secret' WHERE id = '${noteId(1)}'`)
    const keys = [[noteId(1), noteId(2)]]
    const asks: VerifyAsk[] = [
      { kind: 'checksums' },
      { kind: 'buckets', bits: 0 },
      { kind: 'hashes', bits: 0, buckets: [0] },
      { kind: 'rows', keys },
    ]
    for (const ask of asks) {
      const all = await askFor(bob, ask)
      expect(all.lost).toEqual(['space:1'])
      expect(all.except).toEqual([[]])
      expect(all.answer).toEqual((await askFor(bob, ask, { scopes: ['space:2'] as ScopeKey[] })).answer)
      const none = await askFor(bob, ask, { scopes: ['space:1', 'own:ann'] as ScopeKey[] })
      expect(JSON.stringify(none)).not.toMatch(/secret|00000000-|[0-9a-f]{16}|"count"/)
    }
    await world.run(`UPDATE notes SET space_id = 2 WHERE id = '${noteId(1)}'`)
    const { except } = await askFor(bob, { kind: 'checksums' })
    expect(except).toEqual([[noteId(1)]])
  })

  test('[P3.3] too many changes, and TRUNCATE, are answered by: pull first', async () => {
    const isBehind = async () =>
      (await answer<VerifyResponse>(await ann.ask('/verify', request(ann, { kind: 'checksums' })))).behind
    await world.run(`INSERT INTO notes (space_id) SELECT 2 FROM generate_series(1, 60)`)
    expect(await isBehind()).toBe(true)
    await ann.pull()
    expect(await isBehind()).toBe(false)
    await world.run('TRUNCATE notes')
    expect(await isBehind()).toBe(true)
  })

  test('[P16] malformed, oversized and outdated questions get a code', async () => {
    expect(await refusal({ kind: 'everything' })).toBe('bad_request')
    expect(await refusal({ kind: 'buckets', bits: 13 })).toBe('bad_request')
    expect(await refusal({ kind: 'hashes', bits: 0, buckets: [-1] })).toBe('bad_request')
    expect(await refusal({ kind: 'rows', keys: [] })).toBe('bad_request')
    expect(await refusal({ kind: 'rows', keys: [['a'], ['b']] })).toBe('bad_request')
    expect(await refusal({ kind: 'rows', keys: [['\0']] })).toBe('bad_request')
    expect(await refusal({ kind: 'rows', keys: [['\ud800']] })).toBe('bad_request')
    expect(await refusal({ kind: 'checksums' }, { table: 'pg_class' })).toBe('bad_request')
    expect(await refusal({ kind: 'checksums' }, { cursor: null })).toBe('bad_request')
    const scopes = Array.from({ length: 1_001 }, (_, i) => `space:${i}`)
    expect(await refusal({ kind: 'checksums' }, { scopes })).toBe('too_large')
    const cursor = { snapshot: '3:3:', history: 'ffffffff-0000-4000-8000-000000000000/' }
    expect(await refusal({ kind: 'checksums' }, { cursor })).toBe('history_lost')
  })

  test('[P10] an answer carries so many hashes and rows, and a user may ask so much at once', async () => {
    await world.run(`INSERT INTO notes (space_id) SELECT 2 FROM generate_series(1, 101)`)
    await ann.pull()
    expect(await refusal({ kind: 'hashes', bits: 0, buckets: [0] })).toBe('too_large')
    expect(await refusal({ kind: 'rows', keys: [Array.from({ length: 101 }, (_, i) => noteId(i))] })).toBe(
      'bad_request',
    )
    const ask = () => ann.ask('/verify', request(ann, { kind: 'checksums' }))
    const statuses = (await Promise.all([ask(), ask(), ask(), ask()])).map(({ status }) => status)
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 200, 429, 429])
    expect((await ask()).status).toBe(200)
  })
}

function hashOf(texts: WireRow): bigint {
  return createHash('sha256').update(JSON.stringify(texts)).digest().readBigUInt64BE(0)
}

function sumUp(rows: WireRow[]): { count: number; sum: string } {
  const sum = rows.reduce((total, row) => BigInt.asUintN(64, total + hashOf(row)), 0n)
  return { count: rows.length, sum: `${sum}` }
}
