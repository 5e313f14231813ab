/** The engine put together: transactions beside each other, beside pulls, and to their end. */
import { LandfallError, type PullResponse, type SyncRequest } from '@landfall/protocol'
import { afterEach, describe, expect, test } from 'vitest'
import type { EngineApi, EngineStatus } from '../src/api.ts'
import { IDLE_MS } from '../src/local/transactions.ts'
import { openEngine, type TestEngine, type TestEngineOptions } from './support/engine.ts'
import { json, startServer, type TestServer } from './support/http.ts'

let current: TestEngine | null = null
let server: TestServer | null = null

async function open(options: TestEngineOptions = {}): Promise<TestEngine> {
  current = await openEngine(options)
  return current
}

afterEach(async () => {
  await current?.engine.file.close()
  await server?.close()
  current = null
  server = null
})

const add = (engine: EngineApi, id: number, transaction?: number) =>
  engine.sql.query(`insert into notes (id, project, title) values (?, 'p', 'n')`, [id], transaction)

const ids = async (engine: EngineApi): Promise<unknown[]> =>
  (await engine.sql.query('select id from notes order by id', [])).rows.map(([id]) => id)

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'no error',
    (error: unknown) => (error instanceof LandfallError ? error.code : String(error)),
  )
}

/** Lets all promises run that wait for nothing outside. */
const turns = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)))

describe('transactions', () => {
  test('[P5.2] other calls wait until an open transaction ends, and see all of it or nothing', async () => {
    const { engine } = await open()
    const first = await engine.sql.begin(null)
    await add(engine, 1, first)
    let waited = 0
    const done = <T>(work: Promise<T>): Promise<T> => work.finally(() => waited++)
    const read = done(ids(engine))
    const write = done(add(engine, 3))
    const second = done(engine.sql.begin(null))
    await add(engine, 2, first)
    expect(waited).toBe(0)
    await engine.sql.commit(first)
    expect(await read).toEqual([1, 2])
    await write
    const inside = await engine.sql.query('select count(*) from notes', [], await second)
    expect(inside.rows).toEqual([[3]])
    await engine.sql.rollback(await second)
    expect(await ids(engine)).toEqual([1, 2, 3])
  })

  test('[P1.1] a batch that fails half-way leaves no trace, and the next batch runs', async () => {
    const { engine } = await open()
    const failed = engine.sql.batch(
      [
        [`insert into notes (id, project) values (1, 'p')`],
        [`insert into notes (id, project) values (1, 'p')`],
      ],
      null,
    )
    expect(await codeOf(failed)).toBe('constraint_failed')
    expect(await engine.status.read()).toMatchObject({ outbox: 0 })
    await add(engine, 1)
    expect(await ids(engine)).toEqual([1])
    expect(await engine.status.read()).toMatchObject({ outbox: 1 })
  })

  test('[P10.2] a transaction too large for any push is refused at its commit and leaves no trace', async () => {
    const { engine } = await open()
    const rows = (count: number): string => `
      with recursive n(x) as (select 1 union all select x + 1 from n where x < ${count})
      insert into notes (id, project, title) select x, 'p', 'n' from n`
    expect(await codeOf(engine.sql.query(rows(50_001), []))).toBe('too_large')
    expect(await ids(engine)).toEqual([])
    const wide = engine.sql.query(`insert into notes (id, project, body) values (1, 'p', ?)`, [
      'ä'.repeat(7 << 20),
    ])
    expect(await codeOf(wide)).toBe('too_large')
    await engine.sql.query(rows(5_000), [])
    expect(await engine.status.read()).toMatchObject({ outbox: 1 })
  })

  test('[P8.5] a transaction left open without a statement is rolled back, and its next call says so', async () => {
    const { engine, clock } = await open()
    const left = await engine.sql.begin(null)
    await add(engine, 1, left)
    const waiting = add(engine, 2)
    clock.advance(IDLE_MS - 1)
    await add(engine, 3, left) // still at work: the time begins anew
    clock.advance(IDLE_MS - 1)
    await turns()
    clock.advance(2)
    await waiting
    expect(await ids(engine)).toEqual([2])
    expect(await codeOf(add(engine, 4, left))).toBe('transaction_timeout')
    expect(await codeOf(engine.sql.commit(left))).toBe('transaction_timeout')
    expect(await codeOf(engine.sql.commit(99))).toBe('transaction_closed')
  })

  test('[P9] a commit’s live results arrive before it is acknowledged', async () => {
    const { engine, events } = await open()
    await engine.sql.live(7, 'select id from notes', [])
    const transaction = await engine.sql.begin(null)
    await add(engine, 1, transaction)
    const before = events.filter(({ kind }) => kind === 'live').length
    await engine.sql.commit(transaction)
    const live = events.filter((event) => event.kind === 'live')
    expect(live).toHaveLength(before + 1)
    expect(live.at(-1)).toMatchObject({ id: 7, patch: { columns: ['id'], order: [-1], rows: [[1]] } })
    await engine.sql.unlive(7)
    await add(engine, 2)
    expect(events.filter(({ kind }) => kind === 'live')).toHaveLength(before + 1)
  })
})

describe('the end', () => {
  test('[P12.1] closing rolls the open transaction back, and rejects waiting and later calls', async () => {
    const { engine } = await open()
    const left = await engine.sql.begin(null)
    const waiting = [codeOf(add(engine, 1)), codeOf(engine.sync.settled()), codeOf(engine.sql.begin(null))]
    await engine.file.close()
    expect(await Promise.all(waiting)).toEqual(['database_closed', 'database_closed', 'database_closed'])
    expect(await codeOf(add(engine, 1, left))).toBe('database_closed')
    expect(await codeOf(engine.sync.now())).toBe('database_closed')
    expect(await codeOf(engine.status.read())).toBe('database_closed')
    expect(await codeOf(engine.file.close())).toBe('no error')
  })

  test('[P12.3] a commit into deleted files is not acknowledged, and later calls reject', async () => {
    let there = true
    const storage = {
      kind: 'opfs' as const,
      persisted: async () => true,
      exist: async () => there,
      remove: async () => {},
    }
    const { engine, clock } = await open({ storage })
    await add(engine, 1)
    there = false
    clock.advance(250)
    expect(await codeOf(add(engine, 2))).toBe('storage_lost')
    expect(await codeOf(ids(engine))).toBe('storage_lost')
    expect(await engine.status.read()).toMatchObject({ phase: 'stopped', error: { code: 'storage_lost' } })
  })

  test('[P12.3] the engine notices lost files while nobody writes', async () => {
    let there = true
    const storage = {
      kind: 'opfs' as const,
      persisted: async () => true,
      exist: async () => there,
      remove: async () => {},
    }
    const { engine, clock } = await open({ storage })
    there = false
    clock.advance(30_000)
    await turns()
    expect(await engine.status.read()).toMatchObject({ phase: 'stopped', error: { code: 'storage_lost' } })
  })
})

const PULL: PullResponse = {
  cursor: { snapshot: '10:10:', history: 'h1' } as PullResponse['cursor'],
  acknowledged: 0 as PullResponse['acknowledged'],
  user: 'ada' as PullResponse['user'],
  hlc: '1',
  gained: [],
  lost: [],
  tables: [],
  rejections: [],
  conflicts: [],
  marked: [],
  uncaptured: [],
}

/** A server that takes every push and acknowledges it; pokes never come. */
async function takingServer(limit = Number.POSITIVE_INFINITY): Promise<TestServer & { pushes: number[][] }> {
  const pushes: number[][] = []
  const started = await startServer()
  server = started
  let acknowledged = 0
  started.answer((response, { path, body }) => {
    if (path !== '/sync/sync') return json(response, {}, 503)
    const { push } = body as SyncRequest
    const numbers = push?.changesets.map(({ number }) => number) ?? []
    if (numbers.length > limit) return json(response, {}, 413)
    if (numbers.length > 0) pushes.push(numbers)
    acknowledged = Math.max(acknowledged, ...numbers)
    const verdicts = numbers.map((number) => ({ number, outcome: 'applied', error: null }))
    json(response, {
      push: push === null ? null : { ok: true, value: { verdicts } },
      pull: { ok: true, value: { ...PULL, acknowledged } },
    })
  })
  return { ...started, pushes }
}

/** Lets virtual time pass beside real requests until the work is done. */
async function within<T>({ clock }: TestEngine, work: Promise<T>): Promise<T> {
  let done = false
  const finished = work.finally(() => (done = true))
  finished.catch(() => {})
  while (!done) {
    clock.advance(5)
    await turns()
  }
  return finished
}

describe('sync', () => {
  test('[P12.2] the status says what is unsent, and then since when the device is in step', async () => {
    const { url } = await takingServer()
    const world = await open({ url })
    await add(world.engine, 1)
    expect(await world.engine.status.read()).toMatchObject({ outbox: 1, lastSyncedAt: null, leader: true })
    await within(world, world.engine.sync.settled())
    expect(await world.engine.status.read()).toMatchObject({
      phase: 'synced',
      outbox: 0,
      user: 'ada',
      error: null,
      storage: { kind: 'memory', persisted: false },
    })
    const told = statuses(world)
    expect(told.at(-1)?.lastSyncedAt).toBeGreaterThan(0)
    for (const [index, status] of told.entries()) expect(status).not.toEqual(told[index + 1])
  })

  test('[P10.1] a push that the server finds too large is halved until it fits', async () => {
    const { url, pushes } = await takingServer(3)
    const world = await open({ url })
    for (let id = 1; id <= 10; id++) await add(world.engine, id)
    await within(world, world.engine.sync.settled())
    expect(pushes.flat()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
    expect(pushes.every((numbers) => numbers.length <= 3)).toBe(true)
  })

  test('[P8.6] changesets that are too large on their own are set aside in order, without an error', async () => {
    const { url } = await takingServer(0)
    const world = await open({ url })
    await add(world.engine, 1)
    await add(world.engine, 2)
    await within(world, world.engine.sync.settled())
    expect(await world.engine.rejections.list()).toMatchObject([
      { error: { code: 'too_large' }, changes: [{ keys: [['1']] }] },
      { error: { code: 'too_large' }, changes: [{ keys: [['2']] }] },
    ])
    const status = await world.engine.status.read()
    expect(status).toMatchObject({ phase: 'synced', outbox: 0, rejections: 2, error: null })
    expect(await ids(world.engine)).toEqual([])
  })

  test('[P8.6] a server that also finds pulls too large gets the changeset again', async () => {
    server = await startServer()
    server.answer((response) => json(response, {}, 413))
    const world = await open({ url: server.url })
    await add(world.engine, 1)
    expect(await codeOf(within(world, world.engine.sync.now()))).toBe('too_large')
    expect(await world.engine.rejections.list()).toEqual([])
    expect(await world.engine.status.read()).toMatchObject({ outbox: 1, error: { code: 'too_large' } })
  })

  test('[P5.2] a pull that arrives during a transaction is applied after it', async () => {
    const { url } = await takingServer()
    const world = await open({ url })
    const transaction = await world.engine.sql.begin(null)
    const synced = within(world, world.engine.sync.now())
    while ((server?.asked.length ?? 0) < 1) await turns()
    for (let i = 0; i < 20; i++) await turns()
    expect(await world.engine.status.read()).toMatchObject({ lastSyncedAt: null })
    await world.engine.sql.commit(transaction)
    await synced
    expect((await world.engine.status.read()).lastSyncedAt).not.toBeNull()
  })

  test('[P11.2] without a token the outbox waits, and the next token sends it', async () => {
    const { url, pushes } = await takingServer()
    let token: string | null = null
    const world = await open({ url, token: async () => token })
    await add(world.engine, 1)
    expect(await codeOf(within(world, world.engine.sync.settled()))).toBe('unauthenticated')
    expect(await world.engine.status.read()).toMatchObject({ phase: 'stopped', outbox: 1 })
    token = 'ada'
    while (pushes.length === 0) {
      world.clock.advance(1_000)
      await turns()
    }
    await within(world, world.engine.sync.settled())
    expect(await world.engine.status.read()).toMatchObject({ phase: 'synced', outbox: 0, error: null })
  })

  test('[P11] another user’s token stops sync, and the outbox waits for its own user', async () => {
    const { url } = await takingServer()
    const world = await open({ url })
    await within(world, world.engine.sync.settled())
    await add(world.engine, 1)
    await within(world, world.engine.sync.settled())
    server?.answer((response) =>
      json(response, { push: null, pull: { ok: true, value: { ...PULL, user: 'ben', acknowledged: 1 } } }),
    )
    expect(await codeOf(within(world, world.engine.sync.now()))).toBe('user_changed')
    expect(await world.engine.status.read()).toMatchObject({ phase: 'stopped', user: 'ada' })
  })

  test('[P8.1] a paused engine sends no request; a resumed one sends everything', async () => {
    const { url, asked, pushes } = await takingServer()
    const world = await open({ url })
    await within(world, world.engine.sync.settled())
    await world.engine.sync.pause()
    const before = asked.length
    await add(world.engine, 1)
    world.clock.advance(10 * 60_000)
    await turns()
    expect(asked.length).toBe(before)
    expect(await codeOf(world.engine.sync.now())).toBe('sync_paused')
    await world.engine.sync.resume()
    await within(world, world.engine.sync.settled())
    expect(pushes).toEqual([[1]])
  })
})

function statuses({ events }: TestEngine): EngineStatus[] {
  return events.flatMap((event) => (event.kind === 'status' ? [event.status] : []))
}
