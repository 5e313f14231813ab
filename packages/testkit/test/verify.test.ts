/** `verify` finds planted damage and repairs it below what is unsent (P3.3). */
import type { Device, World } from '@landfall/testkit'
import { uuidOf as id } from '@landfall/tools/tables'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { TestApp } from './support/tasks.ts'
import {
  createVerifying,
  expectAsNew as expectNew,
  FINE,
  found,
  verify as verifyIn,
  type Verifying,
} from './support/verifying.ts'

let all: Verifying
let app: TestApp
let world: World
let ada: Device

beforeEach(async () => {
  all = await createVerifying()
  ;({ app, world, ada } = all)
})
afterEach(() => all.close())

const verify = () => verifyIn(world, ada)
const expectAsNew = () => expectNew(all)

describe('planted damage', () => {
  const DAMAGE: [string, string, string][] = [
    ['a changed value', `update tasks set title = 'wrong' where id = '${id(2)}'`, 'different'],
    ['a lost row', `delete from tasks where id = '${id(2)}'`, 'missing'],
    ['a number spelled in another way', `update tasks set cost = '3.0' where id = '${id(2)}'`, 'different'],
    ['json with another space', `update tasks set extra = '{"a":1.10}' where id = '${id(2)}'`, 'different'],
    [
      'a time in its wire form',
      `update tasks set due = substr(due, 1, length(due) - 3) where id = '${id(2)}'`,
      'different',
    ],
    ['null for text', `update tasks set extra = null where id = '${id(2)}'`, 'different'],
    ['empty text for null', `update tasks set cost = '' where id = '${id(2)}'`, 'different'],
    ['a boolean that is none', `update tasks set done = 7 where id = '${id(2)}'`, 'different'],
  ]
  test.each(DAMAGE)('[P3.3] %s is found and repaired', async (_, sql, problem) => {
    expect(await verify()).toEqual(FINE)
    ada.damage(sql)
    expect(await verify()).toEqual(found([2, problem]))
    expect(await verify()).toEqual(FINE)
    await expectAsNew()
  })

  test('[P3.3] invented rows are found and removed, whatever their key and scope', async () => {
    const invent = (key: string, project: string) =>
      ada.damage(
        `insert into tasks (id, project_id, title, created_at) values ('${key}', '${project}', 'x', 'y')`,
      )
    invent(id(20), 'p1')
    expect(await verify()).toEqual(found([20, 'extra']))
    invent(id(8), 'p1') // it is another project's on the server
    invent('no uuid', 'p1')
    invent(id(22), 'p9')
    const { ok, differences } = await verify()
    expect(ok).toBe(false)
    expect(differences.map(({ scope, keys }) => [scope, keys.flatMap(({ key }) => key)])).toEqual(
      expect.arrayContaining([
        ['project:p1', [id(8), 'no uuid']],
        [null, [id(22)]],
      ]),
    )
    expect(await verify()).toEqual(FINE)
    await expectAsNew()
  })

  test('[P3.3] a key in another spelling is a row too many and one too few', async () => {
    await app.psql(
      `insert into tasks (id, project_id, title) values ('abcdef00-0000-4000-8000-000000000000', 'p1', 'x')`,
    )
    await world.drain()
    ada.damage(`update tasks set id = upper(id) where title = 'x'`)
    expect(await verify()).toMatchObject({ differences: [{ count: 2 }] })
    expect(await verify()).toEqual(FINE)
    await expectAsNew()
  })

  test('[P3.3] a row moved out of its scope comes back', async () => {
    ada.damage(`update tasks set project_id = 'p9' where id = '${id(3)}'`)
    expect((await verify()).ok).toBe(false)
    expect(await verify()).toEqual(FINE)
    await expectAsNew()
  })

  test('[P3.3] live queries show what was repaired', async () => {
    ada.damage(`update tasks set title = 'wrong' where id = '${id(2)}'`)
    await ada.engine.sql.live(1, 'select title from tasks where id = ?', [id(2)])
    await verify()
    const titles = ada.events.flatMap((event) => (event.kind === 'live' ? event.patch.rows.flat() : []))
    expect(titles).toEqual(['wrong', 'task 2'])
  })
})

describe('unsent changes', () => {
  test('[P3.3] they are no difference', async () => {
    await unsent()
    expect(await verify()).toEqual(FINE)
  })

  test('[P3.3] damage below them is repaired, they stay visible, and they still travel', async () => {
    await unsent()
    ada.damage(`update landfall_base_tasks set points = 99, title = 'wrong' where id = '${id(1)}'`)
    ada.damage(`update tasks set points = 99 where id = '${id(1)}'`)
    ada.damage(`update landfall_base_tasks set landfall_existed = 0 where id = '${id(2)}'`)
    ada.damage(
      `update landfall_base_tasks set landfall_existed = 1, project_id = 'p1' where id = '${id(30)}'`,
    )
    expect(await verify()).toEqual(found([1, 'different'], [2, 'missing'], [30, 'extra']))
    expect(await ada.rows('select title, points from tasks where id = ?', [id(1)])).toEqual([
      { title: 'mine', points: 1 },
    ])
    expect(await ada.rows('select id from tasks where id in (?, ?)', [id(2), id(30)])).toEqual([
      { id: id(30) },
    ])
    expect((await ada.status()).outbox).toBe(3)
    expect(await verify()).toEqual(FINE)
    await send()
    expect(
      await app.rows(
        `select title from tasks where project_id = 'p1' and id in ('${id(1)}', '${id(2)}', '${id(30)}') order by id`,
      ),
    ).toEqual([{ title: 'mine' }, { title: 'new' }])
    expect(await verify()).toEqual(FINE)
    await expectAsNew()
  })

  /** An update, a delete and an insert that the server does not get. */
  async function unsent(): Promise<void> {
    await app.psql(`create function refuse() returns trigger language plpgsql as $$
      begin raise exception 'not now' using errcode = '55P03'; end $$`)
    await app.psql(
      'create trigger refuse before insert or update on landfall.clients for each row execute function refuse()',
    )
    await ada.run(`update tasks set title = 'mine' where id = ?`, [id(1)])
    await ada.run('delete from tasks where id = ?', [id(2)])
    await ada.run(`insert into tasks (id, project_id, title) values (?, 'p1', 'new')`, [id(30)])
    await world.pass(1_000)
    expect((await ada.status()).outbox).toBe(3)
  }

  async function send(): Promise<void> {
    await app.psql('drop trigger refuse on landfall.clients')
    await world.drain()
  }
})
