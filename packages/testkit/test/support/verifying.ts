/** A world whose projects hold some tasks, and what verifying tests ask of it. */
import type { VerifyReport } from '@landfall/protocol'
import { createWorld, type Device, type World, type WorldOptions } from '@landfall/testkit'
import { uuidOf as id } from '@landfall/tools/tables'
import { expect } from 'vitest'
import { createTasksApp, holders, sync, type TestApp } from './tasks.ts'

export type Verifying = { app: TestApp; world: World; ada: Device; close(): Promise<void> }

/** Tasks 1 to 7 are in ada's project p1; 8 and 9 in p2, which she does not hold. */
export async function createVerifying(
  limits: NonNullable<WorldOptions['limits']> = {},
  more = 0,
): Promise<Verifying> {
  const app = await createTasksApp()
  await app.psql(
    `insert into tasks (id, project_id, title, points, cost, due, extra)
     select ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, case when n in (8, 9) then 'p2' else 'p1' end,
       'task ' || n, n, n * 1.50, '2026-11-23 10:00:00.123456Z', '{"a": 1.10}'
     from generate_series(1, ${9 + more}) n`,
  )
  const world = await createWorld({ sync, holders, database: app.database, limits })
  const ada = await world.open('a', { user: 'ada' })
  await world.drain()
  return {
    app,
    world,
    ada,
    async close() {
      await world.close()
      await app.close()
    },
  }
}

export async function verify(world: World, device: Device): Promise<VerifyReport> {
  let pending = true
  const report = device.engine.verify.run().finally(() => (pending = false))
  report.catch(() => {}) // awaited below
  for (let seconds = 0; pending && seconds < 300; seconds++) await world.pass(1_000)
  return report
}

export const FINE: VerifyReport = { ok: true, differences: [] }

/** The report that names these tasks of project p1, and nothing else. */
export const found = (...tasks: [number, string][]) => ({
  ok: false,
  differences: [
    {
      scope: 'project:p1',
      table: 'tasks',
      count: tasks.length,
      keys: expect.arrayContaining(tasks.map(([n, problem]) => ({ key: [id(n)], problem }))),
    },
  ],
})

const ALL = 'select id, project_id, title, done, points, cost, due, extra, created_at from tasks order by id'

/** The device holds what one does that has just loaded everything. */
export async function expectAsNew({ world, ada }: Verifying): Promise<void> {
  const fresh = await world.open('fresh', { user: 'ada' })
  await world.drain()
  expect(await ada.rows(ALL)).toEqual(await fresh.rows(ALL))
}

/** Another program's work right before each question about tasks reaches the server: the first, the second, ... */
export function beforeQuestions(device: Device, work: (question: number) => Promise<void>): void {
  const { network } = device
  const carry = network.fetch.bind(network)
  let question = 0
  network.fetch = async (url, init) => {
    const asked = url.endsWith('/verify') ? (JSON.parse(init.body as string) as { table: string }) : null
    if (asked?.table === 'tasks') await work(++question)
    return carry(url, init)
  }
}
