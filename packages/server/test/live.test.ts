/** Pokes over server-sent events, from writes of any program on a real Postgres. */
import { PROTOCOL_HEADER, PROTOCOL_VERSION, SCHEMA_HEADER } from '@landfall/protocol'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { createAudience } from '../src/stream/audience.ts'
import { pollDelay } from '../src/stream/follower.ts'
import { openEventStream } from '../src/stream/stream.ts'
import { migrateSync } from '../src/migrate/migrate.ts'
import { openDatabase } from '../src/database/open-database.ts'
import { createSyncServer, type SyncServer } from '../src/server.ts'
import { type EventReader, readEvents } from './support/event-reader.ts'
import { authorize, holders, sync } from './support/notes.ts'
import { createVirtualClock } from './support/virtual-clock.ts'
import { authenticate, createNotesWorld, type NotesWorld } from './support/world.ts'

let world: NotesWorld
let server: SyncServer

beforeAll(async () => {
  world = await createNotesWorld()
})
afterAll(() => world.close())

beforeEach(() => {
  server = createSyncServer({ sync, database: world.database, authenticate, authorize, holders })
})
afterEach(() => server.close())

async function listen(user: string, at: SyncServer = server): Promise<EventReader> {
  const headers = {
    authorization: `Bearer ${user}`,
    [PROTOCOL_HEADER]: `${PROTOCOL_VERSION}`,
    [SCHEMA_HEADER]: sync.manifest.hash,
  }
  const response = await at.app.request('/live', { headers })
  if (!response.ok) throw new Error(await response.text())
  expect(response.headers.get('content-type')).toBe('text/event-stream')
  expect(response.headers.get('cache-control')).toBe('no-store, no-transform')
  const events = readEvents(response)
  expect(await events.next()).toEqual({ event: 'hello', data: '' })
  return events
}

const insert = (space: number) => world.run(`INSERT INTO notes (space_id) VALUES (${space})`)

/** Waits until the follower has its first snapshot, which it announces by poking for everything. */
async function warmedUp(events: EventReader): Promise<EventReader> {
  await events.pokeFor('*')
  return events
}

test('[P6] a write by any program pokes those who hold its scope, and names it', async () => {
  const ann = await warmedUp(await listen('ann'))
  await insert(1)
  expect((await ann.pokeFor('space:1')).scopes).toEqual(['space:1'])
  await ann.cancel()
})

test('[P4] nobody is poked for scopes of others', async () => {
  const ann = await warmedUp(await listen('ann'))
  const cat = await listen('cat')
  await insert(3)
  await insert(1)
  expect((await ann.pokeFor('space:1', 'space:3')).scopes).toEqual(['space:1'])
  const poke = await cat.pokeFor('space:1', 'space:3')
  expect(poke.scopes).not.toContain('space:1')
  await Promise.all([ann.cancel(), cat.cancel()])
})

test('[P4.2] who gains or loses a scope is poked for it', async () => {
  const dan = await warmedUp(await listen('dan'))
  await world.run(`INSERT INTO members VALUES (2, 'dan')`)
  expect((await dan.pokeFor('space:2')).scopes).toContain('space:2')
  await insert(2)
  expect((await dan.pokeFor('space:2')).scopes).toEqual(['space:2'])
  await world.run(`DELETE FROM members WHERE user_id = 'dan'`)
  expect((await dan.pokeFor('space:2')).scopes).toEqual(['space:2'])
  await dan.cancel()
})

test('[P6] TRUNCATE concerns everybody', async () => {
  const ann = await warmedUp(await listen('ann'))
  await world.run('TRUNCATE notes')
  expect((await ann.pokeFor('*')).scopes).toEqual(['*'])
  await ann.cancel()
})

test('[P8] a process is woken by the NOTIFY of another', async () => {
  // A clock that stands still: without the NOTIFY the second process would never poll again.
  const clock = createVirtualClock()
  const database = await openDatabase(world.url)
  await migrateSync(database, sync)
  const other = createSyncServer({ sync, database, authenticate, authorize, holders, clock })
  const ann = await listen('ann', other)
  clock.advance(0)
  await ann.pokeFor('*')
  const poked = ann.pokeFor('space:1').then(() => true)
  for (let heard = false; !heard; ) {
    server.wake()
    heard = await Promise.race([poked, insert(1).then(() => false)])
    clock.advance(0)
  }
  expect(await poked).toBe(true)
  await ann.cancel()
  await other.close()
  await database.close()
})

test('[P10] streams are counted, closed after their time, and nothing polls when nobody listens', async () => {
  const clock = createVirtualClock()
  const limits = { streamsPerUser: 2, streamMs: 60_000 }
  const limited = createSyncServer({
    sync,
    database: world.database,
    authenticate,
    authorize,
    holders,
    clock,
    limits,
  })
  const streams = [await listen('ann', limited), await listen('ann', limited)]
  await expect(listen('ann', limited)).rejects.toThrow('rate_limited')
  expect(clock.waiting()).toBeGreaterThan(0)
  clock.advance(90_000)
  for (const stream of streams) {
    let event = await stream.next()
    while (event !== null) event = await stream.next()
    expect(event).toBe(null)
  }
  expect(clock.waiting()).toBe(0)
  await limited.close()
})

test('[P8] a reader that takes nothing gets one merged poke at last, and is dropped if it never does', async () => {
  let closed = 0
  const stuck = openEventStream(() => closed++)
  stuck.hello()
  for (let i = 0; i < 1_000; i++) stuck.poke([`space:${i % 10}` as never])
  const beats = [1, 2, 3, 4, 5].map(() => stuck.heartbeat())
  expect(beats).toEqual([true, true, true, false, false])
  const reader = readEvents(stuck.response)
  const events = []
  for (let i = 0; i < 5; i++) events.push(await reader.next())
  expect(events.at(-1)?.data).toBe(
    JSON.stringify({ scopes: [3, 4, 5, 6, 7, 8, 9, 0, 1, 2].map((i) => `space:${i}`) }),
  )
  stuck.end()
  expect(await reader.next()).toBe(null)
  expect(closed).toBe(1)
})

test('[P10] the poll slows down from 25 ms to a second as it gets quiet', () => {
  expect([0, 4_000, 20_000, 60_000, 1e9].map(pollDelay)).toEqual([25, 25, 100, 300, 1_000])
})

test('[P4] the audience finds who holds a scope, and forgets who has left', () => {
  const audience = createAudience()
  const poked: string[] = []
  const stream = (name: string) =>
    ({ poke: (scopes: Iterable<string>) => poked.push(`${name} ${[...scopes].join()}`) }) as never
  const [a, b] = [stream('a'), stream('b')]
  audience.add('ann' as never, a, ['space:1', 'space:2'] as never)
  audience.add('bob' as never, b, ['space:2'] as never)
  audience.poke(['space:1', 'space:2', 'space:3'] as never)
  audience.remove('ann' as never, a)
  audience.poke(['space:1', 'space:2'] as never)
  expect(poked).toEqual(['a space:1,space:2', 'b space:2', 'b space:2'])
})
