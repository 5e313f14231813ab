/** The edge: who may ask, what is well-formed, what is too much, and that every answer is coded (P4.3, P10, P12, P16). */
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import {
  CATALOGUE,
  type ErrorCode,
  type ErrorData,
  LandfallError,
  PROTOCOL_HEADER,
  PROTOCOL_VERSION,
  SCHEMA_HEADER,
  type SyncResponse,
} from '@landfall/protocol'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PostgresError } from '../src/database/database.ts'
import { openDatabase } from '../src/database/open-database.ts'
import { createErrorEncoder, errorResponse } from '../src/http/error-response.ts'
import { createRateLimiter } from '../src/http/rate.ts'
import { createSyncServer } from '../src/server.ts'
import { authorize, holders, noteId, sync } from './support/notes.ts'
import { createVirtualClock } from './support/virtual-clock.ts'
import { authenticate, createNotesWorld, type NotesWorld } from './support/world.ts'

let world: NotesWorld

beforeAll(async () => {
  const limits = {
    bodyBytes: 20_000,
    inflatedBytes: 100_000,
    pushRows: 50,
    pushChangesets: 20,
    scopes: 30,
    pullKeys: 10,
  }
  world = await createNotesWorld({ limits })
})
afterAll(() => world.close())

const CLIENT = '11111111-2222-4333-8444-555555555555'
const HEADERS = {
  authorization: 'Bearer ann',
  [PROTOCOL_HEADER]: `${PROTOCOL_VERSION}`,
  [SCHEMA_HEADER]: sync.manifest.hash,
}
const PULL = { client: CLIENT, cursor: null, acknowledged: 0, scopes: [] }

type Sent = { status: number; error: ErrorData | undefined; headers: Headers }

async function send(path: string, body: unknown, headers: Record<string, string> = {}): Promise<Sent> {
  const raw = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body)
  const init = { method: 'POST', body: raw as BodyInit, headers: { ...HEADERS, ...headers } }
  const response = await world.server.app.request(path, init)
  const { error } = (await response.json()) as { error?: ErrorData }
  return { status: response.status, error, headers: response.headers }
}

const encoderContext = (id: string) => ({
  clock: createVirtualClock(),
  randomness: { number: () => 0, uuid: () => id },
})

async function code(path: string, body: unknown, headers: Record<string, string> = {}): Promise<string> {
  const { status, error } = await send(path, body, headers)
  return `${status} ${error?.code ?? 'ok'}`
}

describe('who may ask', () => {
  test('[P4.3] no token, or a wrong one: 401, and nothing is read', async () => {
    expect(await code('/pull', PULL, { authorization: '' })).toBe('401 unauthenticated')
    expect(await code('/pull', 'not even JSON', { authorization: 'Basic x' })).toBe('401 unauthenticated')
    const refused = await send('/pull', PULL, { authorization: 'nobody' })
    expect(refused.headers.get('www-authenticate')).toBe('Bearer')
  })

  test('[P12.5] an authenticate that throws is the server’s trouble: told to it, and tried again', async () => {
    const logged: unknown[] = []
    const failure = new Error('the key set cannot be fetched: eyJhbGciOi')
    const throwing = createSyncServer({
      sync,
      database: world.database,
      holders,
      authorize,
      authenticate: () => Promise.reject(failure),
      onError: (error) => logged.push(error),
    })
    const response = await throwing.app.request('/pull', { method: 'POST', body: '{}', headers: HEADERS })
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
    const text = await response.text()
    expect(text).toContain('authenticate_failed')
    expect(text).not.toContain('eyJ')
    expect(logged).toEqual([failure])
  })

  test('[P12.5] a server whose tables are missing says so once, with the cure, and the device its id', async () => {
    const logged: unknown[] = []
    const bare = await openDatabase('pglite:memory')
    const unmigrated = createSyncServer({
      sync,
      database: bare,
      holders,
      authorize,
      authenticate,
      onError: (error, id) => logged.push([String(error), id]),
    })
    const ask = (): Promise<Response> =>
      Promise.resolve(
        unmigrated.app.request('/pull', { method: 'POST', body: JSON.stringify(PULL), headers: HEADERS }),
      )
    const answers = [await ask(), await ask()]
    const errors = await Promise.all(
      answers.map(async (answer) => (await answer.json()) as { error: ErrorData }),
    )
    expect(answers.map(({ status }) => status)).toEqual([503, 503])
    // Once at the start, once for all requests.
    expect(logged).toEqual([
      [expect.stringContaining('The schema landfall does not exist.'), expect.any(String)],
      [expect.stringContaining('Run migrateSync'), expect.any(String)],
    ])
    const [, [, id]] = logged as [unknown, [string, string]]
    for (const { error } of errors)
      expect(error).toMatchObject({ code: 'server_misconfigured', details: { id } })
    await bare.close()
  })

  test('[P4.3] every route but health wants a user', async () => {
    for (const path of ['/push', '/pull', '/sync', '/bootstrap', '/verify']) {
      expect(await code(path, PULL, { authorization: '' })).toBe('401 unauthenticated')
    }
    expect((await world.server.app.request('/live')).status).toBe(401)
    const health = await world.server.app.request('/health')
    expect(await health.json()).toEqual({
      ok: true,
      protocol: PROTOCOL_VERSION,
      schema: sync.manifest.hash,
      problems: [],
    })
  })

  test('[P16] another protocol or schema is refused before anything is misread', async () => {
    expect(await code('/pull', PULL, { [PROTOCOL_HEADER]: '99' })).toBe('409 protocol_mismatch')
    expect(await code('/pull', PULL, { [SCHEMA_HEADER]: 'ffffffffffffffff' })).toBe('409 schema_mismatch')
  })

  test('[P4] a client of another user is refused', async () => {
    await world.run(`INSERT INTO landfall.clients (client, user_id) VALUES ('${CLIENT}', 'bob')`)
    expect(await code('/pull', PULL)).toBe('403 client_taken')
    await world.run(`DELETE FROM landfall.clients`)
    expect(await code('/pull', PULL)).toBe('200 ok')
  })
})

describe('what is well-formed', () => {
  const block = {
    table: 'notes',
    operation: 'insert',
    columns: ['title'],
    keys: [['1']],
    old: [],
    new: [['x']],
  }
  const push = (change: object) => ({
    client: CLIENT,
    history: 'x/',
    moved: 0,
    changesets: [{ number: 1, hlc: '1', label: null, changes: [{ ...block, ...change }] }],
  })
  const stepping = (steps: unknown) => {
    const { changesets, ...rest } = push({})
    return { ...rest, changesets: changesets.map((changeset) => ({ ...changeset, steps })) }
  }
  const bad: [string, string, unknown][] = [
    ['no JSON', '/pull', '{'],
    ['no object', '/pull', '7'],
    ['null', '/sync', 'null'],
    ['an empty message', '/pull', {}],
    ['a client that is no id', '/pull', { ...PULL, client: "'; drop table notes; --" }],
    ['a client with U+0000', '/pull', { ...PULL, client: 'a\0b' }],
    ['a fractional number', '/pull', { ...PULL, acknowledged: 1.5 }],
    ['a negative number', '/pull', { ...PULL, acknowledged: -1 }],
    ['a number beyond 2^53', '/pull', { ...PULL, acknowledged: 1e20 }],
    ['a scope without a colon', '/pull', { ...PULL, scopes: ['space'] }],
    ['a scope with U+0000', '/pull', { ...PULL, scopes: ['space:\0'] }],
    ['a snapshot that is none', '/pull', { ...PULL, cursor: { snapshot: '1:2', history: 'x/' } }],
    [
      'an xid beyond 2^64',
      '/pull',
      { ...PULL, cursor: { snapshot: '1:99999999999999999999:', history: 'x/' } },
    ],
    ['a history id that is none', '/pull', { ...PULL, cursor: { snapshot: '1:2:', history: "x' or 1=1" } }],
    ['an unknown operation', '/push', push({ operation: 'truncate' })],
    ['a column twice', '/push', push({ columns: ['title', 'title'], new: [['x'], ['y']] })],
    ['columns of different lengths', '/push', push({ new: [['x', 'y']] })],
    ['fewer columns than named', '/push', push({ columns: ['title', 'done'] })],
    ['an insert with old values', '/push', push({ old: [['x']] })],
    ['values that are no text', '/push', push({ new: [[{ a: 1 }]] })],
    ['no rows', '/push', push({ keys: [[]], new: [[]] })],
    [
      'an hlc beyond 64 bits',
      '/push',
      { ...push({}), changesets: [{ number: 1, hlc: '9'.repeat(19), label: null, changes: [] }] },
    ],
    ['steps that are no list', '/push', stepping({ 0: 1 })],
    ['a step without rows', '/push', stepping([{ block: 0, row: 0, count: 0 }])],
    ['a step before the first row', '/push', stepping([{ block: 0, row: -1, count: 1 }])],
    ['a step with values that are no text', '/push', stepping([{ block: 0, row: 0, values: { title: 7 } }])],
    ['a step that is none', '/push', stepping([null])],
    [
      'a position of another table',
      '/bootstrap',
      { client: CLIENT, scope: 'own:ann', position: { table: 'notes', after: null } },
    ],
    [
      'a position with too many keys',
      '/bootstrap',
      { client: CLIENT, scope: 'own:ann', position: { table: 'settings', after: ['1'] } },
    ],
    ['a compressed body that is none', '/pull', Buffer.from('xx')],
  ]
  test.each(bad)('[P16] %s is bad_request', async (name, path, body) => {
    const headers: Record<string, string> = name.startsWith('a compressed')
      ? { 'content-encoding': 'br' }
      : {}
    expect(await code(path, body, headers)).toBe('400 bad_request')
  })

  test('[P16] JSON nested a hundred thousand levels deep does no harm', async () => {
    const deep = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`
    expect(await code('/pull', deep(9_000))).toBe('400 bad_request')
    const zipped = gzipSync(`{"client":"${CLIENT}","cursor":null,"acknowledged":0,"scopes":${deep(40_000)}}`)
    expect(await code('/pull', zipped, { 'content-encoding': 'gzip' })).toBe('400 bad_request')
  })

  test('[P16] a page after a key that is no value of its type is refused', async () => {
    const position = { table: 'notes', after: ['no uuid'] }
    expect(await code('/bootstrap', { client: CLIENT, scope: 'space:1', position })).toBe('400 bad_request')
  })

  test('[P16] whatever JSON is sent, the answer is coded and never a server_error', async () => {
    const request = fc.record({
      client: fc.oneof(fc.constant(CLIENT), fc.string()),
      cursor: fc.oneof(
        fc.constant(null),
        fc.record({ snapshot: fc.string(), history: fc.string() }),
        fc.jsonValue(),
      ),
      acknowledged: fc.oneof(fc.nat(), fc.jsonValue()),
      scopes: fc.oneof(fc.array(fc.string()), fc.jsonValue()),
    })
    const paths = fc.constantFrom('/pull', '/push', '/sync', '/bootstrap')
    await fc.assert(
      fc.asyncProperty(paths, fc.oneof(request, fc.jsonValue()), async (path, body) => {
        const { status, error } = await send(path, JSON.stringify(body))
        expect([200, 400, 403, 413]).toContain(status)
        if (status !== 200) expect(Object.keys(CATALOGUE)).toContain(error?.code)
      }),
      { numRuns: 300 },
    )
  })
})

describe('what is too much', () => {
  test('[P10] bodies on the wire and inflated, rows, changesets and scopes', async () => {
    const scopes = (count: number) => Array.from({ length: count }, (_, i) => `space:${i}`)
    expect(await code('/pull', `"${'x'.repeat(20_000)}"`)).toBe('413 too_large')
    const bomb = brotliCompressSync(Buffer.alloc(20_000_000), {
      params: { [constants.BROTLI_PARAM_QUALITY]: 5 },
    })
    expect(bomb.length).toBeLessThan(1_000)
    expect(await code('/pull', bomb, { 'content-encoding': 'br' })).toBe('413 too_large')
    expect(await code('/pull', gzipSync(Buffer.alloc(200_000)), { 'content-encoding': 'gzip' })).toBe(
      '413 too_large',
    )
    expect(await code('/pull', { ...PULL, scopes: scopes(30) })).toBe('200 ok')
    expect(await code('/pull', { ...PULL, scopes: scopes(31) })).toBe('413 too_large')

    const changeset = (number: number, rows: number) => {
      const ids = Array.from({ length: rows }, (_, i) => noteId(i))
      const change = {
        table: 'notes',
        operation: 'insert',
        columns: ['title'],
        keys: [ids],
        old: [],
        new: [ids],
      }
      return { number, hlc: '1', label: null, changes: [change] }
    }
    const push = (changesets: object[]) => ({ client: CLIENT, history: 'x/', moved: 0, changesets })
    expect(await code('/push', push([changeset(1, 51)]))).toBe('413 too_large')
    expect(await code('/push', push(Array.from({ length: 21 }, (_, i) => changeset(i + 1, 1))))).toBe(
      '413 too_large',
    )
  })

  test('[P10] a client further behind than a pull may carry loads again', async () => {
    const ann = world.client('ann')
    await ann.load()
    await world.run(`INSERT INTO notes (space_id) SELECT 1 FROM generate_series(1, 10)`)
    await ann.pull()
    expect(ann.texts('notes')).toHaveLength(10)
    await world.run(`INSERT INTO notes (space_id) SELECT 1 FROM generate_series(1, 11)`)
    await expect(ann.pull()).rejects.toThrow('too_far_behind')
    await world.run(`DELETE FROM notes`)
  })

  test('[P10] a user who asks too often is told when to come back, others are not held up', () => {
    const clock = createVirtualClock()
    const rate = createRateLimiter(clock, { burst: 3, perSecond: 2 })
    for (let i = 0; i < 3; i++) rate.take('ann')
    expect(() => rate.take('ann')).toThrow(LandfallError)
    expect(() => rate.take('ann')).toThrow('"retryAfterMs":500')
    rate.take('bob')
    clock.advance(500)
    rate.take('ann')
    expect(() => rate.take('ann')).toThrow('rate_limited')
    clock.advance(3_600_000)
    for (let i = 0; i < 3; i++) rate.take('ann')
    expect(() => rate.take('ann')).toThrow('rate_limited')
  })
})

describe('what goes wrong', () => {
  test('[P8.2] a failed push does not hold up the pull of the same request', async () => {
    const push = {
      client: CLIENT,
      history: 'unknown/',
      moved: 0,
      changesets: [{ number: 1, hlc: '1', label: null, changes: [] }],
    }
    const init = { method: 'POST', body: JSON.stringify({ push, pull: PULL }), headers: HEADERS }
    const response = await world.server.app.request('/sync', init)
    const { push: pushed, pull } = (await response.json()) as SyncResponse
    expect(response.status).toBe(200)
    expect(pushed).toMatchObject({ ok: false, error: { code: 'history_lost' } })
    expect(pull).toMatchObject({
      ok: true,
      value: { user: 'ann', gained: expect.arrayContaining(['space:1']) },
    })
  })

  test('[P12] what callers may not know goes to the log under an id', () => {
    const logged: unknown[] = []
    const encode = createErrorEncoder(encoderContext('id-1'), (error, id) => logged.push([error, id]))
    const secret = new Error('password=hunter2')
    const data = encode(secret)
    expect(data).toMatchObject({ code: 'server_error', details: { id: 'id-1' } })
    expect(JSON.stringify(data)).not.toContain('hunter2')
    expect(logged).toEqual([[secret, 'id-1']])
  })

  test('[P12] every code has its status, and busy ones say when to come back', () => {
    const statuses = (Object.keys(CATALOGUE) as ErrorCode[]).map((name) => {
      const { status } = errorResponse({ code: name, message: '', details: {} })
      return status >= 400 && status < 600
    })
    expect(statuses.every(Boolean)).toBe(true)
    const passing = ['40P01', '40001', '57014', '57P01', '53300', '55P03'].map((sqlstate) => {
      const fields = { constraint: null, schema: null, table: null, column: null, detail: null }
      const encode = createErrorEncoder(encoderContext(''), () => {})
      const response = errorResponse(encode(new PostgresError({ sqlstate, message: '', ...fields })))
      return `${response.status} ${response.headers.get('retry-after')}`
    })
    expect(new Set(passing)).toEqual(new Set(['503 1']))
    const limited = errorResponse({ code: 'rate_limited', message: '', details: { retryAfterMs: 2_500 } })
    expect(limited.headers.get('retry-after')).toBe('3')
  })

  test('[P12] unknown routes answer with a code', async () => {
    expect(await code('/nothing', {})).toBe('404 not_found')
  })
})
