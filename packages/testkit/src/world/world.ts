/**
 * A world: one real sync server on a real database, devices with real engines, a network that can fail, one seed.
 * A test says itself what happens in it.
 *
 * Time is virtual and moves only when nothing real is under way (`stillness`), from one timer to the next; so a backoff
 * of minutes passes at once, and a run depends on its seed alone. The server is reached through its Hono app, with
 * real requests and responses; who a device's user is, its bearer token says.
 */
import { LandfallError } from '@landfall/protocol'
import type { SyncDefinition } from '@landfall/schema'
import {
  createSyncServer,
  type Database,
  migrateSync,
  openDatabase,
  type SyncServer,
  type SyncServerOptions,
} from '@landfall/server'
import { createVirtualClock } from './clock.ts'
import { type Device, openDevice } from './device.ts'
import { createRandom, type SeededRandom } from './random.ts'
import { counted, createBusy, stillness } from './stillness.ts'
import type { Weather } from './weather.ts'

const ORIGIN = 'https://landfall.test'
/** Later than the clock of any real Postgres, which stamps what other programs write: those count as older. */
const START_MS = 4_000_000_000_000

/** What a world is made of. */
export type WorldOptions = Pick<SyncServerOptions, 'holders' | 'authorize' | 'limits' | 'onError'> & {
  /** What `defineSync` gave. */
  sync: SyncDefinition
  /** Its tables exist already; the world migrates it and does not close it. Without one: an embedded Postgres. */
  database?: Database
  /** Statements that make the embedded Postgres' tables and first rows. */
  setup?: readonly string[]
  /** All chance comes from it; 1 unless told. */
  seed?: number
  /** Devices that are there from the beginning. */
  clients?: readonly Client[]
  /** What every device's network does to its messages, until its own weather is set. */
  faults?: Partial<Weather>
  /** When the world begins: milliseconds since 1970; in the year 2096 unless told. */
  startMs?: number
}

/** A device to open. */
export type Client = {
  /** For the test; chance forks by it. */
  name: string
  /** The `userId` that the server takes it for. */
  user: string
  /** How far its clock is ahead, in milliseconds; 0 unless told. */
  skewMs?: number
}

/** A server and its devices, in which time passes when the test says so. */
export type World = {
  /** The devices in the order of their opening. */
  readonly clients: readonly Device[]
  /** The world's chance; fork it for the test's own. */
  readonly random: SeededRandom
  /** The real one; `server.app` answers the devices. */
  readonly server: SyncServer
  /** A new device of a user; its clock may be wrong. */
  open(name: string, client: Omit<Client, 'name'>): Promise<Device>
  /** Lets so many milliseconds of virtual time pass. */
  pass(ms: number): Promise<void>
  /** Lets time pass until every device's outbox is empty and a later pull is applied; throws past the bound (P8). */
  drain(withinMs?: number): Promise<void>
  /** Ends devices, server and, unless it was given, the database. */
  close(): Promise<void>
}

/**
 * Opens a world: an embedded Postgres (or the `database` given) with the capture in place, a server, and the devices.
 *
 * ```ts
 * const clients = [{ name: 'phone', user: 'ada' }, { name: 'laptop', user: 'ada', skewMs: -60_000 }]
 * const world = await createWorld({ sync, holders, setup: [ddl], clients, seed: 7, faults: { responseLost: 0.3 } })
 * await world.clients[0]?.run('insert into tasks ...')
 * await world.drain()
 * ```
 */
export async function createWorld(options: WorldOptions): Promise<World> {
  const { sync, seed = 1 } = options
  const clock = createVirtualClock(options.startMs ?? START_MS)
  const random = createRandom(seed)
  const busy = createBusy()
  const opened = options.database ?? (await openEmbedded(options.setup ?? []))
  const database = counted(opened, busy)
  await migrateSync(database, sync)
  const server = createSyncServer({
    ...options,
    database,
    clock,
    randomness: random,
    authenticate: (request) => userOf(request.headers.get('authorization')),
  })
  const devices: Device[] = []

  async function pass(ms: number): Promise<void> {
    const end = clock.now() + ms
    await stillness(busy)
    for (let due = clock.nextDue(); due !== null && due <= end; due = clock.nextDue()) {
      clock.moveTo(due)
      await stillness(busy)
    }
    clock.moveTo(end)
    await stillness(busy)
  }

  async function drain(withinMs = 10 * 60_000): Promise<void> {
    let open = devices.length
    const all = Promise.all(devices.map((device) => device.engine.sync.settled().finally(() => open--)))
    all.catch(() => {}) // awaited below
    for (const end = clock.now() + withinMs; open > 0 && clock.now() < end; ) await pass(250)
    if (open > 0)
      throw new LandfallError('internal', { what: `the world did not drain within ${withinMs} ms` })
    await all
  }

  async function open(name: string, { user, skewMs = 0 }: Omit<Client, 'name'>): Promise<Device> {
    const air = {
      route: () => (request: Request) => server.app.fetch(request),
      weather: options.faults ?? {},
    }
    const { manifest } = sync
    const device = await openDevice({ name, user, skewMs, manifest, url: ORIGIN, clock, random, air })
    devices.push(device)
    return device
  }

  for (const { name, ...client } of options.clients ?? []) await open(name, client)
  return {
    clients: devices,
    random,
    server,
    open,
    pass,
    drain,
    async close() {
      for (const device of devices) await device.close()
      await server.close()
      if (options.database === undefined) await opened.close()
    },
  }
}

async function openEmbedded(setup: readonly string[]): Promise<Database> {
  const database = await openDatabase('pglite:memory')
  for (const statement of setup) {
    await database.transaction({ isolation: 'read committed', readOnly: false }, (tx) => tx.query(statement))
  }
  return database
}

function userOf(authorization: string | null): { userId: string } | null {
  const [, user] = /^Bearer (.+)$/.exec(authorization ?? '') ?? []
  return user === undefined ? null : { userId: user }
}
