/** The HTTP side of the protocol against a real HTTP server that misbehaves. */
import {
  clientId,
  type ErrorCode,
  historyId,
  LandfallError,
  snapshotText,
  type SyncRequest,
  type VerifyAsk,
} from '@landfall/protocol'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { platformNetwork } from '../src/adapters/platform.ts'
import { createLoopClock } from '../src/sync/loop/loop-clock.ts'
import { createEventStreamParser } from '../src/sync/transport/event-stream.ts'
import { createTransport, type Transport } from '../src/sync/transport/transport.ts'
import { createVirtualClock, type VirtualClock } from './support/clock.ts'
import { json, startServer, type TestServer } from './support/http.ts'

let server: TestServer
let clock: VirtualClock
let token: () => Promise<string | null>
let transport: Transport

beforeEach(async () => {
  server = await startServer()
  clock = createVirtualClock()
  token = async () => 'ada'
  transport = createTransport({
    url: `${server.url}/`,
    schema: 'abc',
    network: platformNetwork,
    clock,
    token: () => token(),
  })
})
afterEach(() => server.close())

const EMPTY: SyncRequest = { push: null, pull: null }
const sync = (signal = new AbortController().signal) => transport.sync(EMPTY, signal)

async function failureOf(work: Promise<unknown>): Promise<LandfallError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof LandfallError)) throw new Error(`expected a coded error, got ${String(error)}`)
  return error
}

const PULL = {
  cursor: { snapshot: '1:2:', history: 'h' },
  acknowledged: 3,
  user: 'ada',
  hlc: '123',
  gained: [],
  lost: [],
  tables: [
    {
      table: 'notes',
      truncated: false,
      rows: [
        ['1', '2'],
        ['a', null],
      ],
      removed: [[]],
    },
  ],
  rejections: [],
  conflicts: [],
  marked: [],
  uncaptured: [],
}

test('[P12] requests carry the token, the protocol and the schema', async () => {
  server.answer((response) => json(response, { push: null, pull: { ok: true, value: PULL } }))
  expect(await sync()).toEqual({ push: null, pull: { ok: true, value: PULL } })
  expect(server.asked).toMatchObject([
    {
      path: '/sync/sync',
      body: EMPTY,
      headers: { authorization: 'Bearer ada', 'landfall-protocol': '1', 'landfall-schema': 'abc' },
    },
  ])
})

test('[P12] an error of the server arrives whole', async () => {
  const error = { code: 'client_taken', message: 'client_taken: not yours', details: { client: 'c1' } }
  server.answer((response) => json(response, { error }, 403))
  expect(await failureOf(sync())).toMatchObject({ code: 'client_taken', details: { client: 'c1' } })
})

const bare: [number, ErrorCode][] = [
  [401, 'unauthenticated'],
  [404, 'not_a_sync_server'],
  [413, 'too_large'],
  [429, 'rate_limited'],
  [500, 'server_error'],
  [502, 'server_busy'],
  [503, 'server_busy'],
]
test.each(bare)('[P12] status %i of something that is not the sync server is %s', async (status, code) => {
  server.answer((response) => response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>no</h1>'))
  expect(await failureOf(sync())).toMatchObject({ code, details: { status } })
})

test('[P12] Retry-After is understood, as seconds and as a date', async () => {
  server.answer((response) => response.writeHead(503, { 'retry-after': '7' }).end())
  expect((await failureOf(sync())).details['retryAfterMs']).toBe(7_000)
  const date = new Date(clock.now() + 60_000).toUTCString()
  server.answer((response) => response.writeHead(503, { 'retry-after': date }).end())
  expect((await failureOf(sync())).details['retryAfterMs']).toBe(60_000)
})

const pullWith = (changes: object) => ({ push: null, pull: { ok: true, value: { ...PULL, ...changes } } })
const damaged: [string, unknown][] = [
  ['nothing of the protocol', { hello: 'world' }],
  ['a pull without a cursor', pullWith({ cursor: undefined })],
  ['a number where text should be', pullWith({ hlc: 123 })],
  ['columns of different lengths', pullWith({ tables: [{ ...PULL.tables[0], rows: [['1'], ['a', 'b']] }] })],
  ['a value that is not text', pullWith({ tables: [{ ...PULL.tables[0], rows: [[1]] }] })],
  ['a rejection without its error', pullWith({ rejections: [{ number: 1 }] })],
  ['a half that is neither', { push: null, pull: { value: PULL } }],
]
test.each(damaged)('[P12.4] %s is response_invalid', async (_, body) => {
  server.answer((response) => json(response, body))
  expect((await failureOf(sync())).code).toBe('response_invalid')
})

const ask = (question: VerifyAsk) => {
  const cursor = { snapshot: snapshotText('1:2:'), history: historyId('h') }
  const message = { client: clientId('c'), cursor, table: 'notes', scopes: [], ask: question }
  return transport.verify(message, new AbortController().signal)
}
const TOLD = { behind: false, user: 'ada', lost: [], except: [[]] }
const HASHES: VerifyAsk = { kind: 'hashes', bits: 0, buckets: [0] }
const badAnswers: [string, VerifyAsk, unknown][] = [
  ['an answer to another question', { kind: 'checksums' }, { kind: 'buckets', buckets: [] }],
  [
    'a sum that is no number',
    { kind: 'checksums' },
    { kind: 'checksums', scopes: [{ scope: 'a:', count: 1, sum: 'x' }] },
  ],
  ['a hash too few', HASHES, { kind: 'hashes', keys: [['1', '2']], hashes: ['0123456789abcdef'] }],
  ['a hash cut short', HASHES, { kind: 'hashes', keys: [['1']], hashes: ['0123'] }],
  [
    'rows of unequal columns',
    { kind: 'rows', keys: [['1']] },
    { kind: 'rows', answered: 1, rows: [['1'], []] },
  ],
]
test.each(badAnswers)('[P12.4] %s from verify is response_invalid', async (_, question, told) => {
  server.answer((response) => json(response, { ...TOLD, answer: told }))
  expect((await failureOf(ask(question))).code).toBe('response_invalid')
})

test('[P3.3] an answer to verify comes whole, or asks for a pull first', async () => {
  const hashes = { kind: 'hashes', keys: [['1']], hashes: ['0123456789abcdef'] }
  for (const told of [{ behind: true }, { ...TOLD, answer: hashes }]) {
    server.answer((response) => json(response, told))
    expect(await ask(HASHES)).toEqual(told)
  }
})

test('[P12.4] a login page is not a sync server, and a body cut short is response_invalid', async () => {
  server.answer((response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<form>'))
  expect(await failureOf(sync())).toMatchObject({
    code: 'not_a_sync_server',
    details: { url: `${server.url}/sync`, status: 200, contentType: 'text/html' },
  })
  server.answer((response) => {
    const headers = { 'content-type': 'application/json', 'content-length': '1000' }
    response.writeHead(200, headers).write('{"push":null,', () => response.destroy())
  })
  expect((await failureOf(sync())).code).toBe('response_invalid')
})

test('[P12] an unreachable server is `offline`', async () => {
  await server.close()
  expect((await failureOf(sync())).code).toBe('offline')
  server = await startServer()
})

test('[P11.2] no token is unauthenticated without asking the server, a failing token source is token_failed', async () => {
  token = async () => null
  expect((await failureOf(sync())).code).toBe('unauthenticated')
  token = () => Promise.reject(new Error('no route to the sign-in service'))
  expect(await failureOf(sync())).toMatchObject({
    code: 'token_failed',
    details: { cause: 'no route to the sign-in service' },
  })
  expect(server.asked).toEqual([])
})

type Heard = 'opened' | 'poked' | 'ended'
function listen(): { heard: Heard[]; close: () => void; next: (count: number) => Promise<void> } {
  const heard: Heard[] = []
  let told: () => void = () => {}
  const hear = (what: Heard) => () => {
    heard.push(what)
    told()
  }
  const close = transport.stream({ opened: hear('opened'), poked: hear('poked'), ended: hear('ended') })
  const next = async (count: number): Promise<void> => {
    while (heard.length < count) await new Promise<void>((resolve) => (told = resolve))
  }
  return { heard, close, next }
}

test('[P8.1] the stream reports its opening, its pokes and its end', async () => {
  server.answer((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write('event: hello\ndata:\n\n: heartbeat\n\nevent: po')
    response.write('ke\ndata: {"scopes":["project:1"]}\n\n')
    response.end()
  })
  const { heard, next } = listen()
  await next(3)
  expect(heard).toEqual(['opened', 'poked', 'ended'])
  expect(server.asked[0]).toMatchObject({ path: '/sync/live', headers: { authorization: 'Bearer ada' } })
})

test('[P8.1] a stream that falls silent or is refused ends', async () => {
  server.answer((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('event: hello\ndata:\n\n')
  })
  const { heard, next } = listen()
  await next(1)
  clock.advance(44_000)
  expect(heard).toEqual(['opened'])
  clock.advance(2_000)
  expect(heard).toEqual(['opened', 'ended'])
  server.answer((response) => json(response, {}, 401))
  const refused = listen()
  await refused.next(1)
  expect(refused.heard).toEqual(['ended'])
  expect(clock.timers()).toBe(0)
})

test('[P8.1] a closed stream reports nothing', async () => {
  server.answer((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write('event: hello\ndata:\n\n')
  })
  const { heard, close, next } = listen()
  await next(1)
  close()
  clock.advance(100_000)
  expect(heard).toEqual(['opened'])
  expect(clock.timers()).toBe(0)
})

test('[P8.1] server-sent events are the same wherever the text is cut', () => {
  const text =
    ': comment\r\nevent: poke\r\ndata: one\r\ndata: two\r\n\r\nevent: hello\ndata\n\nid: 7\n\ndata:  spaced\n\n'
  const events = [
    { event: 'poke', data: 'one\ntwo' },
    { event: 'hello', data: '' },
    { event: 'message', data: ' spaced' },
  ]
  for (let first = 0; first <= text.length; first++) {
    const parser = createEventStreamParser()
    const found = [...parser.feed(text.slice(0, first)), ...parser.feed(text.slice(first))]
    expect(found).toEqual(events)
  }
})

test('[P8.1] the loop’s timer keeps its pace when the clock is set back by years', () => {
  const loop = createLoopClock(clock)
  let fired = 0
  const arm = (): void =>
    loop.arm(loop.now() + 30_000, () => {
      fired++
      arm()
    })
  arm()
  clock.advance(30_000)
  clock.set(0)
  clock.advance(60_000)
  expect(fired).toBe(3)
})

test('[P8.1] a clock set back between two timers does not delay the next one', () => {
  let wall = 1_000_000
  const waits: number[] = []
  const loop = createLoopClock({
    now: () => wall,
    after(ms) {
      waits.push(ms)
      return () => {}
    },
  })
  loop.arm(loop.now() + 30_000, () => {})
  wall -= 3_600_000
  loop.arm(1_000_000 + 40, () => {})
  expect(waits).toEqual([30_000, 40])
})
