/**
 * Before the first world of a process: a server and devices that work on Postgres until it is as worlds find it.
 *
 * Two things come of it. Postgres meets the server's statements (`warmUp`): what it has looked up in its catalogues then
 * stays in the image, where else every plan would look it up again (a fifth of all the time). And devices load
 * everything (`loadDevices`): their disks are kept, for a first load in every world would be a third of all the work.
 */
import { createSyncServer, type Database } from '@landfall/server'
import { createRandom, createVirtualClock, type Device } from '@landfall/testkit'
import { counted, createBusy, openDevice, seedSqlite, stillness } from '@landfall/testkit/internal'
import { planTransaction } from '../workload/local.ts'
import type { Workload } from '../workload/workload.ts'
import type { SimApp } from '../plan/app.ts'
import { isComplete, readLocalState } from '../checks/local-state.ts'

const PUSHES = 24
/** A load with the pauses between its requests, or a push. */
const MOMENT_MS = 200
/** A load takes a tenth of it. */
const LOAD_MS = 4_000

export type PreloadContext = { app: SimApp; workload: Workload; database: Database; nowMs: number }

type Preload = {
  device(name: string, user: string): Promise<Device>
  /** Lets virtual time pass. */
  pass(ms: number): Promise<void>
  end(): Promise<void>
}

function startPreload({ app, database, nowMs }: Omit<PreloadContext, 'workload'>): Preload {
  const { sync, holders, authorize, limits } = app
  const clock = createVirtualClock(nowMs)
  const random = createRandom(0)
  const busy = createBusy()
  const server = createSyncServer({
    sync,
    holders,
    ...(authorize ? { authorize } : {}),
    ...(limits ? { limits } : {}),
    clock,
    randomness: random,
    database: counted(database, busy),
    authenticate: (request) => ({
      userId: request.headers.get('authorization')?.slice('Bearer '.length) ?? '',
    }),
    onError: () => {},
  })
  return {
    device: (name, user) =>
      openDevice({
        name,
        user,
        manifest: sync.manifest,
        clock,
        random,
        skewMs: 0,
        url: 'https://landfall.test',
        air: { route: () => (request) => server.app.fetch(request) },
      }),
    async pass(ms) {
      await stillness(busy)
      const end = clock.now() + ms
      for (let due = clock.nextDue(); due !== null && due <= end; due = clock.nextDue()) {
        clock.moveTo(due)
        await stillness(busy)
      }
    },
    end: () => server.close(),
  }
}

/**
 * A device loads, writes a little of everything, and pushes it; every writing transaction is rolled back, so that the
 * rows are as they were. xids and sequences have moved, the same for everybody.
 */
export async function warmUp({ app, workload, database, nowMs }: PreloadContext): Promise<void> {
  const random = createRandom(0)
  const { device: open, pass, end } = startPreload({ app, database: rollingBack(database), nowMs })
  const device = await open('warm', app.users[0] ?? '')
  await pass(MOMENT_MS)
  for (let nth = 1; nth <= PUSHES; nth++) {
    const { statements, label } = planTransaction(workload, random)
    const batch = statements.map(({ sql, params }): [string, typeof params] => [sql, params])
    await device.engine.sql.batch(batch, label).catch(() => {})
    void device.engine.sync.now().catch(() => {})
    await pass(MOMENT_MS)
  }
  device.kill('kill')
  await end()
}

/** A disk's files by their names. */
export type Files = ReadonlyMap<string, Uint8Array>

/** The disks of devices of these names that have loaded all that their users hold. */
export async function loadDevices(
  context: PreloadContext,
  devices: readonly { name: string; user: string }[],
): Promise<Map<string, Files>> {
  await seedSqlite(createRandom(0).fork('sqlite'))
  const { device: open, pass, end } = startPreload(context)
  const loaded = new Map<string, Files>()
  for (const { name, user } of devices) {
    const device = await open(name, user)
    for (let passed = 0; passed < LOAD_MS && !isComplete(readLocalState(device.driver)); passed += MOMENT_MS)
      await pass(MOMENT_MS)
    if (!isComplete(readLocalState(device.driver))) throw new Error(`${name} has not loaded`)
    await device.close()
    loaded.set(name, device.disk.files())
  }
  await end()
  return loaded
}

class RolledBack extends Error {}

function rollingBack(database: Database): Database {
  return {
    ...database,
    kind: database.kind,
    transaction: (options, work) =>
      options.readOnly
        ? database.transaction(options, work)
        : database.transaction(options, async (tx) => {
            await work(tx)
            throw new RolledBack('only to warm up')
          }),
    close: async () => {},
  }
}
