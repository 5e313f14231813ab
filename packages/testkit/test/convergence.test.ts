/**
 * Random work by several devices and another program, over a network that loses, repeats and delays; then calm.
 * A failing seed prints itself and runs again alone by `SEEDS=n`.
 */
import type { VerifyReport } from '@landfall/protocol'
import { codecFor } from '@landfall/schema/internal'
import { createWorld, type Device, type SeededRandom, type World } from '@landfall/testkit'
import { uuidOf as id } from '@landfall/tools/tables'
import { afterEach, expect, test } from 'vitest'
import { createTasksApp, holders, sync, type TestApp } from './support/tasks.ts'
import { FINE, verify } from './support/verifying.ts'

const SEEDS = (process.env['SEEDS'] ?? '1,2,3,4,5,149').split(',').map(Number)
const USERS = { ada: ['p1'], ben: ['p1', 'p2'] }
const STEPS = 60

let app: TestApp
let world: World
afterEach(async () => {
  await world.close()
  await app.close()
})

test.each(SEEDS)(
  '[P3] seed %i: after random work over a bad network all hold the same rows',
  async (seed) => {
    const devices = await work(seed, () => {})
    for (const { user, device } of devices) {
      expect(await mirrored(device), `${device.name} of ${user}`).toEqual(await stored(USERS[user]))
      expect(await verify(world, device)).toEqual(FINE)
    }
  },
)

test.each(SEEDS)('[P3.3] seed %i: verifying in the middle of random work finds nothing', async (seed) => {
  const reports: Promise<VerifyReport | null>[] = []
  await work(seed, ({ engine }) => {
    // No answer by now is no false alarm.
    if (world.random.below(2) === 0) reports.push(engine.verify.run().catch(() => null))
  })
  const told = (await Promise.all(reports)).filter((report) => report !== null)
  expect(told.length).toBeGreaterThan(0)
  for (const report of told) expect(report).toEqual(FINE)
})

type Worker = { user: keyof typeof USERS; device: Device }

/** Random steps, then calm, until everybody has everything. */
async function work(seed: number, afterStep: (device: Device) => void): Promise<Worker[]> {
  app = await createTasksApp()
  world = await createWorld({ sync, holders, database: app.database, seed })
  const random = world.random.fork('work')
  const skewed = () => ({ skewMs: random.below(20_000) - 10_000 })
  const devices: Worker[] = [
    { user: 'ada', device: await world.open('a', { user: 'ada', ...skewed() }) },
    { user: 'ada', device: await world.open('a2', { user: 'ada' }) },
    { user: 'ben', device: await world.open('b', { user: 'ben', ...skewed() }) },
  ]
  await world.drain()
  for (let stepNumber = 0; stepNumber < STEPS; stepNumber++) {
    const actor = devices[random.below(devices.length + 1)]
    if (actor === undefined) await app.psql(...foreignWork(random))
    else await localWork(actor.device, random)
    if (random.below(3) === 0) await world.pass(random.below(3_000))
    if (actor !== undefined) afterStep(actor.device)
  }
  for (const { device } of devices) calm(device)
  await world.drain(60 * 60_000)
  await world.drain(60 * 60_000)
  return devices
}

function calm(device: Device): void {
  device.network.setWeather({})
  device.network.setOnline(true)
}

async function localWork(device: Device, random: SeededRandom): Promise<void> {
  const task = id(random.below(12))
  const choice = random.below(10)
  if (choice === 0) device.network.setOnline(random.below(2) === 0)
  else if (choice === 1) storm(device, random)
  else if (choice < 5) await upsert(device, task, random)
  else if (choice < 7)
    await device.run('update tasks set done = not done, cost = ? where id = ?', [
      `${random.below(99)}.50`,
      task,
    ])
  else if (choice < 8) await device.run('delete from tasks where id = ?', [task])
  else await comment(device, task, random)
}

function storm(device: Device, random: SeededRandom): void {
  device.network.setWeather({
    requestLost: 0.2,
    responseLost: 0.2,
    repeated: 0.2,
    delayMs: random.below(800),
  })
}

async function upsert(device: Device, task: string, random: SeededRandom): Promise<void> {
  const title = random.below(8) === 0 ? 'forbidden' : `title ${random.below(1000)}`
  await device.run(
    `insert into tasks (id, project_id, title, points) values (?, 'p1', ?, ?)
     on conflict (id) do update set title = excluded.title`,
    [task, title, random.below(100)],
  )
}

async function comment(device: Device, task: string, random: SeededRandom): Promise<void> {
  const comments = `insert or replace into comments (id, task_id, project_id, body)
    select ?, id, project_id, ? from tasks where id = ?`
  await device.run(comments, [id(1000 + random.below(20)), `body ${random.below(1000)}`, task])
}

function foreignWork(random: SeededRandom): string[] {
  const task = id(random.below(12))
  const statements = [
    `update tasks set title = 'psql ${random.below(1000)}', points = points + 1 where id = '${task}'`,
    `insert into tasks (id, project_id, title) values ('${task}', 'p${1 + random.below(2)}', 'psql') on conflict do nothing`,
    `delete from tasks where id = '${task}'`,
    `update tasks set project_id = 'p${1 + random.below(2)}' where id = '${task}'`,
    `update tasks set id = '${id(20 + random.below(5))}' where id = '${task}' and not exists (select from comments)
       and not exists (select from tasks where id >= '${id(20)}')`,
  ]
  return statements.slice(random.below(statements.length)).slice(0, 1)
}

type Dump = { [table: string]: unknown[][] }

async function mirrored(device: Device): Promise<Dump> {
  const dump: Dump = {}
  for (const table of sync.manifest.tables) {
    const columns = table.columns.map((column) => column.name).join(', ')
    const { rows } = await device.engine.sql.query(`select ${columns} from ${table.name}`, [])
    dump[table.name] = sorted(rows)
  }
  return dump
}

async function stored(projects: string[]): Promise<Dump> {
  const dump: Dump = {}
  const list = projects.map((project) => `'${project}'`).join(', ')
  for (const table of sync.manifest.tables) {
    const columns = table.columns.map((column) => `${column.name}::text`).join(', ')
    const scope = table.name === 'projects' ? 'id' : 'project_id'
    const rows = await app.rows(`select ${columns} from ${table.name} where ${scope} in (${list})`)
    const codecs = table.columns.map((column) => ({ name: column.name, codec: codecFor(column.type) }))
    dump[table.name] = sorted(
      rows.map((row) => codecs.map(({ name, codec }) => codec.fromWire(row[name] ?? null))),
    )
  }
  return dump
}

const sorted = (rows: unknown[][]): unknown[][] =>
  rows.toSorted((a, b) => (String(a[0]) + String(a[1]) < String(b[0]) + String(b[1]) ? -1 : 1))
