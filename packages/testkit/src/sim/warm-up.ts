/**
 * Lets Postgres meet the server's statements before its image is taken: what it has looked up in its catalogues then
 * stays in the image, where else every plan would look it up again (a fifth of all the time).
 *
 * A device loads everything, writes a little of everything, and pushes it; every writing transaction is rolled back, so
 * that the rows are as they were. xids and sequences have moved, the same for everybody.
 */
import { createSyncServer, type Database } from '@landfall/server'
import { createVirtualClock } from '../world/clock.ts'
import { openDevice } from '../world/device.ts'
import { createRandom } from '../world/random.ts'
import { counted, createBusy, stillness } from '../world/stillness.ts'
import { planTransaction } from '../workload/local.ts'
import type { Workload } from '../workload/workload.ts'
import type { SimApp } from './app.ts'

const PUSHES = 24
/** A load with the pauses between its requests, or a push. */
const MOMENT_MS = 200

export async function warmUp(
  { app, workload }: { app: SimApp; workload: Workload },
  database: Database,
  nowMs: number,
): Promise<void> {
  const { sync, holders, users } = app
  const clock = createVirtualClock(nowMs)
  const random = createRandom(0)
  const busy = createBusy()
  const server = createSyncServer({
    sync,
    holders,
    clock,
    randomness: random,
    database: counted(rollingBack(database), busy),
    authenticate: () => ({ userId: users[0] ?? '' }),
    onError: () => {},
  })
  const device = await openDevice({
    name: 'warm',
    user: users[0] ?? '',
    manifest: sync.manifest,
    clock,
    random,
    skewMs: 0,
    url: 'https://landfall.test',
    air: { route: () => (request) => server.app.fetch(request) },
  })
  const moment = async (): Promise<void> => {
    for (
      let due = clock.nextDue(), end = clock.now() + MOMENT_MS;
      due !== null && due <= end;
      due = clock.nextDue()
    ) {
      clock.moveTo(due)
      await stillness(busy)
    }
  }
  await stillness(busy)
  await moment()
  for (let nth = 1; nth <= PUSHES; nth++) {
    const { statements, label } = planTransaction(workload, random)
    const batch = statements.map(({ sql, params }): [string, typeof params] => [sql, params])
    await device.engine.batch(batch, label).catch(() => {})
    void device.engine.syncNow().catch(() => {})
    await moment()
  }
  device.kill('kill')
  await server.close()
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
