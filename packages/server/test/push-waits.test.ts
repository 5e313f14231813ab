/** Rights are read again after a wait for a lock, and of two who make a key at once one gets it; on a real Postgres. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { club, clubHolders, createClub } from './support/club.ts'
import { type Change, createPushWorld, insert, type PushWorld, remove, update } from './support/push-world.ts'

let world: PushWorld

beforeAll(async () => {
  world = await createPushWorld({ app: { sync: club, holders: clubHolders, create: createClub } })
})
afterAll(() => world.close())
beforeEach(async () => {
  world.context.authorize = {}
  await world.refill()
  await world.run(`INSERT INTO notes (id, project_id, body) VALUES (20, 1, 'x'), (21, 2, 'x')`)
})

/** Until somebody waits for a lock in this database. */
async function untilWaiting(): Promise<void> {
  const waiting = `SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'`
  while ((await world.value(waiting)) === '0');
}

/** What ann is told of changesets that wait for an administrator's open transaction. */
async function overtaken(statements: string[], changesets: Change[][]): Promise<string[]> {
  const ann = world.client('ann')
  let pushed: Promise<string[]> = Promise.resolve(['not sent'])
  await world.database.transaction({ isolation: 'read committed', readOnly: false }, async (tx) => {
    for (const statement of statements) await tx.query(statement)
    pushed = ann.pushAll(changesets)
    await untilWaiting()
  })
  return pushed
}

const edit = (id: string) => update('notes', { id }, { body: ['x', 'mine'] })
const REVOKE = `DELETE FROM members WHERE project_id = 1 AND user_id = 'ann'`
const FREEZE = 'UPDATE notes SET frozen = true WHERE id = 20'

test.each<[what: string, change: Change]>([
  ['an edit', edit('20')],
  ['a deletion', remove('notes', { id: '20' })],
  ['a move', update('notes', { id: '20' }, { project_id: ['1', '2'] })],
])('[P4.10] who was put out while %s waited for the row writes nothing', async (what, change) => {
  const told = await overtaken([REVOKE, FREEZE], [[change]])
  expect(told).toEqual([what === 'a deletion' ? 'applied' : 'row_missing'])
  expect(await world.run('SELECT project_id::text, body FROM notes WHERE id = 20')).toEqual([
    { project_id: '1', body: 'x' },
  ])
})

test('[P4.10] who was put out while an insert waited for its parent inserts nothing', async () => {
  const locked = 'SELECT FROM projects WHERE id = 1 FOR UPDATE'
  const invite = insert('members', { project_id: '1', user_id: 'zoe' })
  expect(await overtaken([locked, REVOKE], [[invite]])).toEqual(['forbidden'])
  expect(await world.value(`SELECT count(*) FROM members WHERE user_id = 'zoe'`)).toBe('0')
})

test('[P4.10] what waits together is judged one by one, and the rest lands', async () => {
  const changesets = [[edit('21')], [insert('notes', { id: '30', project_id: '1' })], [edit('20')]]
  expect(await overtaken([REVOKE, FREEZE], changesets)).toEqual(['applied', 'forbidden', 'row_missing'])
})

test('[P4.10] who leaves a project by the transaction that waits is not taken for one who was put out', async () => {
  const leave = [edit('20'), remove('members', { project_id: '1', user_id: 'ann' })]
  expect(await overtaken([FREEZE], [leave])).toEqual(['applied'])
  expect(await world.value('SELECT body FROM notes WHERE id = 20')).toBe('mine')
})

test('[P4.9] of strangers who make the same project at once one gets it', async () => {
  for (let id = 100; id < 110; id++) {
    const make = (user: string) => [
      insert('members', { project_id: `${id}`, user_id: user }),
      insert('projects', { id: `${id}`, name: user }),
      insert('notes', { id: `${id}${user.length}`, project_id: `${id}` }),
    ]
    const told = await Promise.all(['ann', 'bobby'].map((user) => world.client(user).push(make(user))))
    expect(told.toSorted()).toEqual(['applied', 'forbidden'])
    const winner = told[0] === 'applied' ? 'ann' : 'bobby'
    expect(
      await world.run(
        `SELECT m.user_id, p.name, (SELECT count(*) FROM notes n WHERE n.project_id = p.id)::text AS notes
         FROM projects p JOIN members m ON m.project_id = p.id WHERE p.id = ${id}`,
      ),
    ).toEqual([{ user_id: winner, name: winner, notes: '1' }])
  }
})

test('[P4.9] a key that another program makes meanwhile lets nobody in', async () => {
  const mine = [
    insert('projects', { id: '7', name: 'mine' }),
    insert('members', { project_id: '7', user_id: 'ann' }),
  ]
  const theirs = [`INSERT INTO projects VALUES (7, 'theirs')`, `INSERT INTO members VALUES (7, 'zoe')`]
  expect(await overtaken(theirs, [mine])).toEqual(['unique_violation'])
  expect(await world.value('SELECT name FROM projects WHERE id = 7')).toBe('theirs')
  expect(await world.value(`SELECT string_agg(user_id, ' ') FROM members WHERE project_id = 7`)).toBe('zoe')
})
