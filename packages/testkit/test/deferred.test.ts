/** Work that the database fails at through no fault of its own: whole devices, the real server, a real Postgres. */
import { createWorld, type Device, type World } from '@landfall/testkit'
import { uuidOf as id } from '@landfall/tools/tables'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createTasksApp, holders, sync, type TestApp } from './support/tasks.ts'

let app: TestApp
let world: World
let ada: Device

beforeEach(async () => {
  app = await createTasksApp()
  world = await createWorld({ sync, holders, database: app.database })
  ada = await world.open('a', { user: 'ada' })
  await world.drain()
})
afterEach(async () => {
  await world.close()
  await app.close()
})

const add = (number: number, title: string) =>
  ada.run(`insert into tasks (id, project_id, title) values (?, 'p1', ?)`, [id(number), title])
const rename = (number: number, title: string) =>
  ada.run('update tasks set title = ? where id = ?', [title, id(number)])
const shown = async () => (await ada.rows('select title from tasks order by id')).map(({ title }) => title)
const stored = async () => (await app.rows('select title from tasks order by id')).map((row) => row['title'])

/** While the database fails at everything that says `bad`. */
const fail = (body = `raise exception 'broken' using errcode = 'XX000'`) =>
  app.psql(
    `create or replace function host_rule() returns trigger language plpgsql as
      $$ begin if new.title like 'bad%' then ${body}; end if; return new; end $$`,
    'create trigger host_rule before insert or update on tasks for each row execute function host_rule()',
  )
const mend = () => app.psql('drop trigger host_rule on tasks')

test.each([
  ['raises', undefined],
  ['swallows it', 'return null'],
])('[P8.8] where a trigger %s, the rest lands, and once it is mended all of it does', async (_, body) => {
  await fail(body)
  await add(1, 'bad')
  await rename(1, 'better')
  await add(2, 'good')
  await world.pass(10_000)
  expect(await stored()).toEqual(['good'])
  expect(await shown()).toEqual(['better', 'good'])
  expect(await ada.status()).toMatchObject({ outbox: 2, deferred: 2, rejections: 0, phase: 'synced' })
  expect((await ada.status()).deferral?.code).toBe(body === undefined ? 'database_failed' : 'not_taken')
  await rename(2, 'still good')
  await world.pass(1_000)
  expect(await stored()).toEqual(['still good'])
  await mend()
  await world.drain()
  expect(await stored()).toEqual(['better', 'still good'])
  expect(await ada.status()).toMatchObject({ outbox: 0, deferred: 0, deferral: null })
})

test('[P8.8] lost and repeated answers, and work that goes on, change neither order nor number of effects', async () => {
  await app.psql(
    'create table effects (title text)',
    `create function note_effect() returns trigger language plpgsql as
      'begin insert into effects values (new.title); return null; end'`,
    'create trigger note after insert or update on tasks for each row execute function note_effect()',
  )
  await fail()
  ada.network.setWeather({ requestLost: 0.2, responseLost: 0.3, repeated: 0.3, delayMs: 500 })
  await add(1, 'bad')
  for (let n = 1; n <= 12; n++) {
    await rename(1, `step ${n}`)
    await add(n + 1, `other ${n}`)
    await world.pass(world.random.below(2_000))
  }
  await mend()
  await world.drain(60 * 60_000)
  const steps = await app.rows(`select title from effects where title not like 'other%'`)
  expect(steps.map(({ title }) => title)).toEqual([
    'bad',
    ...Array.from({ length: 12 }, (_, n) => `step ${n + 1}`),
  ])
  expect(await app.rows(`select count(*) as n from effects where title like 'other%'`)).toEqual([{ n: '12' }])
  expect((await ada.status()).rejections).toBe(0)
})

test('[P8.8] what fails 20 times is a rejection with its reason', async () => {
  await fail()
  await add(1, 'bad')
  await add(2, 'good')
  await world.pass(60 * 60_000)
  expect(await ada.status()).toMatchObject({ outbox: 0, deferred: 0, rejections: 1 })
  expect(await ada.engine.rejections.list()).toMatchObject([{ error: { code: 'database_failed' } }])
  expect(await shown()).toEqual(['good'])
})

test('[P8.8] what fails for want of disk is never a rejection, and arrives when there is room again', async () => {
  await fail(`raise exception 'no space left' using errcode = '53100'`)
  await add(1, 'bad')
  await world.pass(60 * 60_000)
  expect(await ada.status()).toMatchObject({ outbox: 1, deferred: 1, rejections: 0 })
  await mend()
  await world.drain()
  expect(await stored()).toEqual(['bad'])
})
