/** `verify` while the server moves on, by size, and when it cannot be done: no false alarm, no starving (P3.3). */
import type { Device, World } from '@landfall/testkit'
import { uuidOf as id } from '@landfall/tools/tables'
import { afterEach, expect, test } from 'vitest'
import {
  beforeQuestions,
  createVerifying,
  expectAsNew,
  FINE,
  found,
  verify as verifyIn,
  type Verifying,
} from './support/verifying.ts'

let all: Verifying
let world: World
let ada: Device
afterEach(() => all.close())

async function start(...options: Parameters<typeof createVerifying>): Promise<void> {
  all = await createVerifying(...options)
  ;({ world, ada } = all)
}

const verify = () => verifyIn(world, ada)

test('[P3.3] rows that others write between pull and question are no difference, and hide none', async () => {
  await start()
  beforeQuestions(ada, (n) =>
    all.app.psql(
      `update tasks set title = 'busy ${n}' where id = '${id(1)}'`,
      `delete from tasks where id = '${id(3)}'`,
      `insert into tasks (id, project_id, title) values ('${id(100 + n)}', 'p1', 'busy')`,
      `update tasks set project_id = case project_id when 'p1' then 'p2' else 'p1' end where id = '${id(4)}'`,
    ),
  )
  expect(await verify()).toEqual(FINE)
  ada.damage(`update tasks set points = 99 where id = '${id(2)}'`)
  expect(await verify()).toEqual(found([2, 'different']))
  expect(await verify()).toEqual(FINE)
  await world.drain()
  await expectAsNew(all)
})

test('[P3.3] a damaged row that changes on the server between the questions ends up as there', async () => {
  await start()
  ada.damage(`update tasks set points = 99 where id in ('${id(1)}', '${id(2)}')`)
  ada.damage(`delete from tasks where id = '${id(5)}'`)
  // The scopes' sums, the rows' hashes, the rows.
  beforeQuestions(ada, async (n) => {
    if (n === 2) await all.app.psql(`update tasks set title = 'new' where id = '${id(1)}'`)
    if (n === 3) await all.app.psql(`delete from tasks where id in ('${id(2)}', '${id(5)}')`)
    if (n === 3) await all.app.psql(`update tasks set title = 'newer' where id = '${id(1)}'`)
  })
  expect(await verify()).toEqual(found([2, 'different'], [5, 'missing']))
  expect(await verify()).toEqual(FINE)
  await expectAsNew(all)
})

test('[P3.3] a transaction that stays open elsewhere makes no false alarm and holds nothing up', async () => {
  await start()
  let release = (): void => {}
  const gate = new Promise<void>((resolve) => (release = resolve))
  let begun = (): void => {}
  const open = new Promise<void>((resolve) => (begun = resolve))
  const writing = all.app.database.transaction(
    { isolation: 'read committed', readOnly: false },
    async (tx) => {
      await tx.query(`update tasks set title = 'late' where id in ('${id(1)}', '${id(2)}')`)
      begun()
      await gate
    },
  )
  await open
  await all.app.psql(`update tasks set title = 'early' where id = '${id(3)}'`)
  expect(await verify()).toEqual(FINE)
  beforeQuestions(ada, async () => {
    release()
    await writing
  })
  expect(await verify()).toEqual(FINE)
  await world.drain()
  await expectAsNew(all)
})

test('[P3.3] after TRUNCATE, or more changes than an answer names, the device pulls first and asks again', async () => {
  await start({ verifyKeys: 3 })
  beforeQuestions(ada, async (n) => {
    if (n === 1) await all.app.psql('truncate tasks, comments')
    if (n === 2)
      await all.app.psql(
        `insert into tasks (id, project_id, title) select gen_random_uuid(), 'p1', 'x' from generate_series(1, 9)`,
      )
  })
  expect(await verify()).toEqual(FINE)
  expect(await verify()).toEqual(FINE)
  await expectAsNew(all)
})

test('[P3.3] a server too busy to be compared ends in a coded error, and sync goes on', async () => {
  await start({ verifyKeys: 3 })
  const busy = `insert into tasks (id, project_id, title) select gen_random_uuid(), 'p1', 'x' from generate_series(1, 9)`
  beforeQuestions(ada, () => all.app.psql(busy))
  await expect(verify()).rejects.toMatchObject({ code: 'server_busy' })
  await world.drain()
  expect(await ada.status()).toMatchObject({ phase: 'synced', error: null })
})

test('[P3.3] a large table is narrowed down in small messages, and the report stays bounded', async () => {
  await start({}, 6_000)
  const sizes: number[] = []
  const carry = ada.network.fetch.bind(ada.network)
  ada.network.fetch = async (url, init) => {
    const response = await carry(url, init)
    if (url.endsWith('/verify')) sizes.push((await response.clone().arrayBuffer()).byteLength)
    return response
  }
  ada.damage(`update tasks set points = -1 where id in ('${id(11)}', '${id(4_000)}')`)
  ada.damage(`delete from tasks where id = '${id(6_000)}'`)
  expect(await verify()).toEqual(found([11, 'different'], [4_000, 'different'], [6_000, 'missing']))
  expect(Math.max(...sizes)).toBeLessThan(50_000)

  ada.damage(`delete from tasks where id > '${id(500)}'`)
  const { differences } = await verify()
  expect(differences).toMatchObject([{ scope: 'project:p1', table: 'tasks', count: 5_509 }])
  expect(differences[0]?.keys).toHaveLength(100)
  expect(Math.max(...sizes)).toBeLessThan(500_000)
  expect(await verify()).toEqual(FINE)
  await expectAsNew(all)
})

test('[P3.3] rows that are long come in several answers', async () => {
  await start({ pageBytes: 20_000 })
  await all.app.psql(`update tasks set title = repeat('long', 3000) where project_id = 'p1'`)
  await world.drain()
  ada.damage(`delete from tasks where id > '${id(1)}'`)
  ada.damage(`insert into tasks (id, project_id, title) values ('${id(50)}', 'p1', 'x')`)
  expect((await verify()).differences).toMatchObject([{ count: 7 }])
  expect(await verify()).toEqual(FINE)
  await expectAsNew(all)
})

test('[P3.3] paused or offline it fails with a code; a call during a verification gets its result', async () => {
  await start()
  const [one, two] = [ada.engine.verify.run(), ada.engine.verify.run()]
  await world.pass(5_000)
  expect(await one).toBe(await two)
  await ada.engine.sync.pause()
  await expect(ada.engine.verify.run()).rejects.toMatchObject({ code: 'sync_paused' })
  await ada.engine.sync.resume()
  await world.drain()
  ada.network.setOnline(false)
  await expect(verify()).rejects.toMatchObject({ code: 'offline' })
  ada.network.setOnline(true)
  expect(await verify()).toEqual(FINE)
  const closed = ada.engine.verify.run()
  await Promise.all([
    expect(closed).rejects.toMatchObject({ code: 'database_closed' }),
    ada.engine.file.close(),
  ])
})

test('[P3.3] a first load is waited for, and a project lost meanwhile is no difference', async () => {
  await start()
  await all.app.psql(`insert into members values ('p2', 'ada')`)
  expect(await verify()).toEqual(FINE)
  expect(await ada.rows('select id from tasks')).toHaveLength(9)
  ada.damage(`update tasks set title = 'wrong' where id = '${id(8)}'`)
  beforeQuestions(ada, async (n) => {
    if (n === 1) await all.app.psql(`delete from members where project_id = 'p2' and user_id = 'ada'`)
  })
  expect(await verify()).toEqual(FINE)
  await world.drain()
  expect(await ada.rows('select id from tasks')).toHaveLength(7)
})
