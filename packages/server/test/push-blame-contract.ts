/** What a push does when the host's triggers are in its way; `push-blame-postgres.test.ts` and `push-blame-pglite.test.ts`. */
import { beforeEach, expect, test } from 'vitest'
import { hostTrigger } from './support/host-triggers.ts'
import { insert, type PushingClient, type PushWorld, remove, update } from './support/push-world.ts'

export function pushBlameContract(open: () => PushWorld): void {
  let world: PushWorld
  let ann: PushingClient

  beforeEach(async () => {
    world = open()
    await world.refill()
    ann = world.client('ann')
  })

  const item = (id: string, rest = {}) => insert('items', { id, project_id: '1', ...rest })
  const retitle = (id: string, from: string, to: string) => update('items', { id }, { title: [from, to] })
  const title = (id: string) => world.value(`SELECT title FROM items WHERE id = ${id}`)
  const conflicts = () =>
    world.run(
      `SELECT col, kept, reason, base, mine, theirs, scopes::text FROM landfall.conflicts ORDER BY col`,
    )
  const notTaken = { kept: 'theirs', reason: 'not_taken', scopes: '{project:1}' }

  test.each([
    ['swallows', 'BEFORE', 'RETURN NULL;'],
    ['hands back the old row', 'BEFORE', 'RETURN OLD;'],
    ['takes back one column', 'BEFORE', 'NEW.title := OLD.title; RETURN NEW;'],
    [
      'writes the old value again behind the statement',
      'AFTER',
      `IF pg_trigger_depth() < 2 THEN UPDATE items SET title = OLD.title WHERE id = OLD.id; END IF; RETURN NULL;`,
    ],
  ])('[P7.10] an update that a trigger of the host %s leaves a record', async (_, time, body) => {
    await ann.push([item('1', { title: 'a' }), item('2', { title: 'x' })])
    await hostTrigger(
      world,
      { time: `${time} UPDATE`, body: `IF OLD.id = 1 THEN ${body} END IF; RETURN NEW;` },
      async () => {
        expect(await ann.pushAll([[retitle('1', 'a', 'b')], [retitle('2', 'x', 'y')]])).toEqual([
          'applied',
          'applied',
        ])
      },
    )
    expect([await title('1'), await title('2')]).toEqual(['a', 'y'])
    expect(await conflicts()).toEqual([{ ...notTaken, col: 'title', base: 'a', mine: 'b', theirs: 'a' }])
  })

  test('[P7.10] so does one that would have won a conflict, and the conflict is not told beside it', async () => {
    await ann.push([item('1', { title: 'a', votes: '1' })])
    await ann.push([update('items', { id: '1' }, { title: ['a', 'theirs'] })])
    const bob = world.client('ann')
    await hostTrigger(
      world,
      { time: 'BEFORE UPDATE', body: 'NEW.title := OLD.title; RETURN NEW;' },
      async () => {
        const edit = update('items', { id: '1' }, { title: ['a', 'mine'], votes: ['1', '2'] })
        expect(await bob.push([edit], Date.now() + 1_000)).toBe('applied')
      },
    )
    expect(await world.run('SELECT title, votes::text FROM items')).toEqual([{ title: 'theirs', votes: '2' }])
    expect(await conflicts()).toEqual([
      { ...notTaken, col: 'title', base: 'a', mine: 'mine', theirs: 'theirs' },
    ])
  })

  test.each([
    ['swallows', 'BEFORE', 'RETURN NULL;'],
    ['undoes', 'AFTER', 'INSERT INTO items SELECT OLD.*; RETURN NULL;'],
  ])('[P7.10] a deletion that a trigger of the host %s leaves a record', async (_, time, body) => {
    await ann.push([item('1', { title: 'a' }), item('2')])
    await hostTrigger(
      world,
      { time: `${time} DELETE`, body: `IF OLD.id = 1 THEN ${body} END IF; RETURN OLD;` },
      async () => {
        expect(
          await ann.pushAll([[remove('items', { id: '1' }, { title: 'a' })], [remove('items', { id: '2' })]]),
        ).toEqual(['applied', 'applied'])
      },
    )
    expect(await world.value('SELECT string_agg(id::text, $$,$$) FROM items')).toBe('1')
    const [record, ...others] = await conflicts()
    expect(others).toEqual([])
    expect(record).toMatchObject({ ...notTaken, col: null, mine: null })
    expect(JSON.parse(record?.['theirs'] ?? '')).toMatchObject({ id: '1', title: 'a' })
  })

  test('[P7.10] what a trigger of the host changes further is taken', async () => {
    await ann.push([item('1', { title: 'a', status: 's', price: '1.50' })])
    const body = `NEW.title := lower(NEW.title); NEW.low := 7; NEW.extra := '{}'; RETURN NEW;`
    await hostTrigger(world, { time: 'BEFORE UPDATE', body }, async () => {
      const edit = update(
        'items',
        { id: '1' },
        { title: ['a', 'HELLO'], status: ['s', null], price: ['1.50', '1.5'] },
      )
      expect(await ann.push([edit])).toBe('applied')
    })
    expect(await title('1')).toBe('hello')
    expect(await conflicts()).toEqual([])
  })

  test('[P8.7] an insert that a trigger of the host swallows is told, and holds up nothing', async () => {
    await hostTrigger(
      world,
      { time: 'BEFORE INSERT', body: 'IF NEW.id = 2 THEN RETURN NULL; END IF; RETURN NEW;' },
      async () => {
        const told = await ann.pushAll([[item('1')], [item('2'), item('3')], [item('4')]])
        expect(told).toEqual(['applied', 'not_taken', 'applied'])
      },
    )
    expect(await world.value('SELECT string_agg(id::text, $$,$$ ORDER BY id) FROM items')).toBe('1,4')
  })
}
