/** The client in Node against the real server over real HTTP, on a real Postgres, in real time. */
import { openLandfall } from '@landfall/client/node'
import { uuidOf as id } from '@landfall/tools/tables'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startTasksServer, sync, type TasksServer } from './support/tasks-server.ts'

type Client = Awaited<ReturnType<typeof openLandfall<typeof sync.sqlite>>>

let server: TasksServer
let clients: Client[] = []

beforeEach(async () => {
  server = await startTasksServer()
})

afterEach(async () => {
  for (const client of clients) await client.close()
  clients = []
  await server.close()
})

async function open(getToken: () => string | null): Promise<Client> {
  const client = await openLandfall({ sync, url: server.url, file: ':memory:', getToken })
  clients.push(client)
  return client
}

/** Resolves when the live query's rows are as asked. */
function shows(
  client: Client,
  sql: string,
  wanted: (rows: readonly { [column: string]: unknown }[]) => boolean,
) {
  return new Promise<void>((resolve) => {
    const stop = client.live(sql).subscribe(({ rows }) => {
      if (!wanted(rows)) return
      queueMicrotask(() => stop())
      resolve()
    })
  })
}

const becomes = (client: Client, wanted: () => boolean): Promise<void> =>
  new Promise((resolve) => {
    const stop = client.onStatus(() => {
      if (!wanted()) return
      stop()
      resolve()
    })
  })

const TITLES = 'select title from tasks order by title'

test('[P3] a write reaches Postgres and another client, and another program’s write reaches both', async () => {
  const ada = await open(() => 'ada')
  const ben = await open(() => 'ben')
  await Promise.all([ada.sync.settled(), ben.sync.settled()])
  expect(ada.scopes.status('project', 'p1')).toBe('ready')
  expect(ada.scopes.status('project', 'p2')).toBe('none')
  const bens = shows(ben, TITLES, (rows) => rows.length === 1)
  await ada.run(`insert into tasks (id, project_id, title) values (?, 'p1', 'from ada')`, [id(1)])
  await bens
  await ada.sync.settled()
  expect(await server.query('select title from tasks')).toEqual([{ title: 'from ada' }])
  const both = [ada, ben].map((client) => shows(client, TITLES, (rows) => rows.length === 2))
  await server.query(`insert into tasks (id, project_id, title) values ('${id(2)}', 'p1', 'from psql')`)
  await Promise.all(both)
  expect(await ben.all(TITLES)).toEqual([{ title: 'from ada' }, { title: 'from psql' }])
})

test('[P11.5] one user’s changes are never pushed as another’s, and leave when their user is back', async () => {
  let user = 'ada'
  const db = await open(() => user)
  await db.sync.settled()
  await db.sync.pause()
  await db.run(`insert into tasks (id, project_id, title) values (?, 'p1', 'by ada')`, [id(1)])
  user = 'ben'
  await db.sync.resume()
  await expect(db.sync.settled()).rejects.toMatchObject({ code: 'user_changed' })
  expect(await server.query('select title from tasks')).toEqual([])
  expect(db.status).toMatchObject({ phase: 'stopped', outbox: 1, rejections: 0 })
  user = 'ada'
  await db.sync.resume()
  await db.sync.settled()
  expect(await server.query('select title from tasks')).toEqual([{ title: 'by ada' }])
})

test('[P8.1] a client finds a returned server by itself, and the changes made meanwhile arrive', async () => {
  const ada = await open(() => 'ada')
  await ada.sync.settled()
  await server.stopListening()
  const offline = becomes(ada, () => ada.status.phase === 'offline')
  await ada.run(`insert into tasks (id, project_id, title) values (?, 'p1', 'offline')`, [id(1)])
  await offline
  await expect(ada.sync.now()).rejects.toMatchObject({ code: 'offline' })
  expect(ada.status).toMatchObject({ outbox: 1, error: { code: 'offline' } })
  await server.listen()
  await ada.sync.settled()
  expect(await server.query('select title from tasks')).toEqual([{ title: 'offline' }])
  expect(ada.status.error).toBeNull()
})

test('[P11.2] an expired token stops sync and keeps the outbox; the next token sends it', async () => {
  let token = 'ada'
  const ada = await open(() => token)
  await ada.sync.settled()
  token = 'expired'
  const stopped = becomes(ada, () => ada.status.phase === 'stopped')
  await ada.run(`insert into tasks (id, project_id, title) values (?, 'p1', 'kept')`, [id(1)])
  await stopped
  expect(ada.status).toMatchObject({ outbox: 1, error: { code: 'unauthenticated' } })
  token = 'ada'
  await becomes(ada, () => ada.status.outbox === 0 && ada.status.phase === 'synced')
  expect(await server.query('select title from tasks')).toEqual([{ title: 'kept' }])
})

test('[P7] a refused changeset is listed with its reason until it is discarded', async () => {
  const ada = await open(() => 'ada')
  await ada.sync.settled()
  await ada.transaction(
    (tx) => tx.run(`insert into tasks (id, project_id, title) values (?, 'p1', 'forbidden')`, [id(1)]),
    {
      label: 'add a task',
    },
  )
  await ada.sync.settled()
  expect(await ada.all(TITLES)).toEqual([])
  const [rejection, ...others] = await ada.rejections.list()
  expect(others).toEqual([])
  expect(rejection).toMatchObject({ label: 'add a task', error: { code: 'check_violation' } })
  await ada.rejections.discard(rejection?.id ?? 0)
  expect(await ada.rejections.list()).toEqual([])
  await expect(ada.rejections.discard(rejection?.id ?? 0)).rejects.toMatchObject({ code: 'not_found' })
})

test('[P13] Drizzle writes and reads decoded values through Postgres', async () => {
  const { tasks } = sync.sqlite
  const ada = await open(() => 'ada')
  const ben = await open(() => 'ben')
  await Promise.all([ada.sync.settled(), ben.sync.settled()])
  const arrived = shows(ben, TITLES, (rows) => rows.length === 1)
  const row = {
    id: id(1),
    projectId: 'p1',
    title: 'exact',
    points: 9_007_199_254_740_993n,
    cost: '1.50',
    extra: { a: [1] },
  }
  await ada.drizzle.transaction((tx) =>
    tx.insert(tasks).values({ ...row, due: '2026-11-23 10:00:00.123456+00' }),
  )
  await arrived
  const [found] = await ben.drizzle.select().from(tasks)
  expect(found).toMatchObject({ ...row, done: false, due: expect.stringContaining('10:00:00.123456') })
  expect(await ben.verify()).toEqual({ ok: true, differences: [] })
})

test('[P12] calls that are not built yet reject with `not_available`, and so does a file', async () => {
  const ada = await open(() => 'ada')
  const calls = [
    ada.conflicts.resolve('1', { title: 'mine' }),
    ada.rejections.retry(1),
    ada.scopes.subscribe('project', 'p1'),
    ada.scopes.unsubscribe('project', 'p1'),
    openLandfall({ sync, url: 'http://127.0.0.1:9', file: 'local.db', getToken: () => null }),
  ]
  for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'not_available' })
})
