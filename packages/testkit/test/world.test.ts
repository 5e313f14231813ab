/** Whole-system rules: real engines, the real server, a real Postgres, virtual time. */
import { LandfallError } from '@landfall/protocol'
import { createWorld, type Device, type World, type WorldOptions } from '@landfall/testkit'
import { uuidOf as id } from '@landfall/tools/tables'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTasksApp, holders, sync, type TestApp } from './support/tasks.ts'

let app: TestApp
let world: World

beforeEach(async () => {
  app = await createTasksApp()
  world = await createWorld({ sync, holders, database: app.database })
})
afterEach(async () => {
  await world.close()
  await app.close()
})

const ALL_TASKS = 'select id, title, done, points, cost, due, extra from tasks order by id'

async function expectSame(query: string, ...devices: Device[]): Promise<void> {
  const [first, ...others] = await Promise.all(devices.map((device) => device.rows(query)))
  for (const other of others) expect(other).toEqual(first)
}

/** What Postgres holds, in the mirror's spelling. */
async function titlesInPostgres(): Promise<(string | null | undefined)[]> {
  return (await app.rows('select title from tasks order by id')).map((row) => row['title'])
}

async function titles(device: Device): Promise<unknown[]> {
  return (await device.rows('select title from tasks order by id')).map((row) => row['title'])
}

const addTask = (device: Device, number: number, title: string): Promise<void> =>
  device.run(`insert into tasks (id, project_id, title) values (?, 'p1', ?)`, [id(number), title])

test('[P3] devices that worked offline, and another program, end with the same rows', async () => {
  const ada = await world.open('a', { user: 'ada' })
  const ben = await world.open('b', { user: 'ben' })
  await world.drain()
  ada.network.setOnline(false)
  ben.network.setOnline(false)
  await addTask(ada, 1, 'from ada')
  await addTask(ben, 2, 'from ben')
  await ben.run(
    `update tasks set points = 9007199254740993, cost = '1.50', due = '2026-11-23T10:00:00.123456Z',
    extra = '{"b": 1, "a": [1.10]}' where id = ?`,
    [id(2)],
  )
  await app.psql(`insert into tasks (id, project_id, title) values ('${id(3)}', 'p1', 'from psql')`)
  expect(await titles(ada)).toEqual(['from ada'])
  ada.network.setOnline(true)
  ben.network.setOnline(true)
  await world.drain()
  await world.drain()
  expect(await titles(ada)).toEqual(['from ada', 'from ben', 'from psql'])
  await expectSame(ALL_TASKS, ada, ben)
  expect(await titlesInPostgres()).toEqual(['from ada', 'from ben', 'from psql'])
  const [row] = await ada.rows('select points, cost, due, extra from tasks where id = ?', [id(2)])
  expect(row).toEqual({
    points: 9007199254740993n,
    cost: '1.50',
    due: '2026-11-23 10:00:00.123456+00:00',
    extra: '{"a": [1.10], "b": 1}',
  })
})

test('[T10.4] a device that is opened again offline stays so, and syncs what it has when it is back', async () => {
  const ada = await world.open('a', { user: 'ada' })
  await world.drain()
  ada.network.setOnline(false)
  await addTask(ada, 1, 'before')
  await ada.close()
  await ada.open()
  await addTask(ada, 2, 'after')
  await world.pass(60_000)
  expect(await titlesInPostgres()).toEqual([])
  ada.kill('power')
  await ada.open()
  await world.pass(60_000)
  expect(await titlesInPostgres()).toEqual([])
  ada.network.setOnline(true)
  await world.drain()
  expect(await titlesInPostgres()).toEqual(['before', 'after'])
})

test('[P2] with half of all responses lost and repeated, each changeset takes effect once', async () => {
  await app.psql(
    'create table effects (id uuid)',
    `create function note_effect() returns trigger language plpgsql as
      'begin insert into effects values (new.id); return null; end'`,
    'create trigger note after insert on tasks for each row execute function note_effect()',
  )
  const ada = await world.open('a', { user: 'ada' })
  await world.drain()
  ada.network.setWeather({ requestLost: 0.25, responseLost: 0.3, repeated: 0.3, delayMs: 250 })
  for (let n = 1; n <= 30; n++) {
    await addTask(ada, n, `task ${n}`)
    await world.pass(world.random.below(2_000))
  }
  await world.drain(60 * 60_000)
  const effects = await app.rows('select id, count(*) from effects group by id')
  expect(effects).toHaveLength(30)
  expect(effects.filter((row) => row['count'] !== '1')).toEqual([])
})

test('[P9] a live query never shows an own write flickering back while it travels', async () => {
  const ada = await world.open('a', { user: 'ada' })
  const ben = await world.open('b', { user: 'ben' })
  await addTask(ada, 1, '0')
  await world.drain()
  await ada.engine.sql.live(1, 'select title from tasks', [])
  for (let n = 1; n <= 20; n++) {
    await ada.run('update tasks set title = ?', [`${n}`])
    await ben.run('update tasks set done = not done')
    await world.pass(world.random.below(100))
  }
  await world.drain()
  const shown = ada.events.flatMap((event) =>
    event.kind === 'live' ? event.patch.rows.map(([title]) => Number(title)) : [],
  )
  expect(shown).toEqual([...shown].sort((a, b) => a - b))
  expect(shown.at(-1)).toBe(20)
})

test('[P14] of two conflicting edits the later one wins, whichever arrives first', async () => {
  const ada = await world.open('a', { user: 'ada' })
  const ben = await world.open('b', { user: 'ben' })
  await addTask(ada, 1, 'first')
  await addTask(ada, 2, 'first')
  await world.drain()
  await world.drain()
  ada.network.setOnline(false)
  ben.network.setOnline(false)
  await ada.run('update tasks set title = ? where id = ?', ['ada, early', id(1)])
  await ben.run('update tasks set title = ? where id = ?', ['ben, early', id(2)])
  await world.pass(60_000)
  await ben.run('update tasks set title = ? where id = ?', ['ben, late', id(1)])
  await ada.run('update tasks set title = ? where id = ?', ['ada, late', id(2)])
  ada.network.setOnline(true)
  await world.pass(120_000)
  ben.network.setOnline(true)
  await world.drain()
  await world.drain()
  expect(await titlesInPostgres()).toEqual(['ben, late', 'ada, late'])
  await expectSame(ALL_TASKS, ada, ben)
})

test('[P7.1] the value that loses a conflict is kept on the device of everybody who may see the row', async () => {
  const ada = await world.open('a', { user: 'ada' })
  const ben = await world.open('b', { user: 'ben' })
  await addTask(ada, 1, 'first')
  await world.drain()
  await world.drain()
  ben.network.setOnline(false)
  await ben.run('update tasks set title = ?', ['lost'])
  await world.pass(1_000)
  await ada.run('update tasks set title = ?', ['kept'])
  await world.drain().catch(() => {})
  ben.network.setOnline(true)
  await world.drain()
  await world.drain()
  for (const device of [ada, ben]) {
    const [conflict] = await device.engine.conflicts.list()
    expect(conflict).toMatchObject({
      column: 'title',
      mine: 'lost',
      theirs: 'kept',
      base: 'first',
      kept: 'theirs',
    })
    await device.engine.conflicts.discard(conflict?.id ?? '')
    expect(await device.engine.conflicts.list()).toEqual([])
  }
})

test('[P8] a rejected changeset is set aside with its reason, and those after it go on', async () => {
  const ada = await world.open('a', { user: 'ada' })
  await world.drain()
  await addTask(ada, 1, 'good')
  await addTask(ada, 2, 'forbidden')
  await addTask(ada, 3, 'good too')
  await world.drain()
  expect(await titlesInPostgres()).toEqual(['good', 'good too'])
  expect(await titles(ada)).toEqual(['good', 'good too'])
  const [rejection] = await ada.engine.rejections.list()
  expect(rejection?.error.code).toBe('check_violation')
})

const small: [string, NonNullable<WorldOptions['limits']>][] = [
  ['rows', { pushRows: 2 }],
  ['bytes', { bodyBytes: 4_000 }],
]
test.each(small)(
  '[P8.6] a changeset of too many %s is set aside, and those after it go on',
  async (_, limits) => {
    await world.close()
    world = await createWorld({ sync, holders, database: app.database, limits })
    const ada = await world.open('a', { user: 'ada' })
    const ben = await world.open('b', { user: 'ben' })
    await addTask(ada, 1, 'good')
    await world.drain()
    await ada.engine.sql.live(1, 'select id from tasks', [])
    ada.network.setOnline(false)
    const insert = `insert into tasks (id, project_id, title) values (?, 'p1', ?)`
    await ada.engine.sql.batch(
      [[`update tasks set title = 'lost'`], [insert, [id(2), 'x'.repeat(4_000)]], [insert, [id(3), 'lost']]],
      'all at once',
    )
    await addTask(ada, 4, 'later')
    await ada.run('update tasks set done = true where id = ?', [id(1)])
    ada.network.setOnline(true)
    await world.drain()
    await world.drain()
    expect(await titlesInPostgres()).toEqual(['good', 'later'])
    expect(await ada.rows('select title, done from tasks order by id')).toEqual([
      { title: 'good', done: 1 },
      { title: 'later', done: 0 },
    ])
    await expectSame(ALL_TASKS, ada, ben)
    const live = ada.events.filter((event) => event.kind === 'live').at(-1)
    expect(live?.patch.order).toHaveLength(2)
    expect(await ada.engine.rejections.list()).toMatchObject([
      {
        label: 'all at once',
        error: { code: 'too_large' },
        changes: [{ table: 'tasks' }, { table: 'tasks' }],
      },
    ])
    expect(ada.events.filter((event) => event.kind === 'status').at(-1)?.status).toMatchObject({
      phase: 'synced',
      outbox: 0,
      rejections: 1,
      error: null,
    })
  },
)

test('[P4.2] who joins a project gets its rows, and who leaves it keeps none', async () => {
  await app.psql(`insert into tasks (id, project_id, title) values ('${id(9)}', 'p2', 'secret')`)
  const ada = await world.open('a', { user: 'ada' })
  await world.drain()
  expect(await titles(ada)).toEqual([])
  await app.psql(`insert into members values ('p2', 'ada')`)
  await world.drain()
  await world.pass(60_000)
  expect(await titles(ada)).toEqual(['secret'])
  await app.psql(`delete from members where project_id = 'p2' and user_id = 'ada'`)
  await world.drain()
  expect(await titles(ada)).toEqual([])
})

test('[P4.1] a row written into a project that the user does not hold is rejected', async () => {
  const ada = await world.open('a', { user: 'ada' })
  await world.drain()
  await ada.run(`insert into tasks (id, project_id, title) values (?, 'p2', 'intruder')`, [id(1)])
  await world.drain()
  expect(await titlesInPostgres()).toEqual([])
  const [rejection] = await ada.engine.rejections.list()
  expect(rejection?.error.code).toBe('forbidden')
})

test('[P13.1] a value that does not fit its column is refused at the local commit', async () => {
  const ada = await world.open('a', { user: 'ada' })
  const refused = ada.run(`insert into tasks (id, project_id, title, cost) values (?, 'p1', 't', 'dear')`, [
    id(1),
  ])
  await expect(refused).rejects.toThrow(LandfallError)
  await expect(refused).rejects.toMatchObject({
    code: 'value_invalid',
    details: { table: 'tasks', column: 'cost' },
  })
  expect(await titles(ada)).toEqual([])
})

test('[P11] after a lost history a device loads again by itself and keeps its outbox', async () => {
  const ada = await world.open('a', { user: 'ada' })
  await addTask(ada, 1, 'synced')
  await world.drain()
  ada.network.setOnline(false)
  await addTask(ada, 2, 'unsent')
  await app.psql('delete from landfall.history', `update tasks set title = 'restored'`)
  ada.network.setOnline(true)
  await world.drain()
  expect(await titles(ada)).toEqual(['restored', 'unsent'])
  expect(await titlesInPostgres()).toEqual(['restored', 'unsent'])
})
