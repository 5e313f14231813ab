/** What a push does when the host's triggers are in its way; `push-blame-postgres.test.ts` and `push-blame-pglite.test.ts`. */
import { type Changeset, changesetNumber, type PushResponse } from '@landfall/protocol'
import { beforeEach, expect, test } from 'vitest'
import { hostTrigger } from './support/host-triggers.ts'
import {
  type Change,
  createPushingClient,
  insert,
  type PushingClient,
  type PushWorld,
  remove,
  update,
} from './support/push-world.ts'

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

  const outcomes = ({ verdicts }: PushResponse) => verdicts.map(({ outcome }) => outcome)
  const ids = () => world.value('SELECT string_agg(id::text, $$,$$ ORDER BY id) FROM items')
  const step = (item_id: string) => insert('steps', { item_id, place: 'x', project_id: '1' })
  /** As the device moves them: behind all others, under new numbers, once it has heard of them. */
  function moved(deferred: Changeset[], next: Change[][] = []): Changeset[] {
    ann.moved = changesetNumber(Math.max(...deferred.map(({ number }) => number), ann.moved))
    const behind = next.map((changes) => ann.make(changes))
    return [...behind, ...deferred.map((each) => ({ ...each, number: ann.make([]).number, tries: 1 }))]
  }

  /** While inserts of item 2 fail with that. */
  const failing = (sqlstate: string, during: () => Promise<void>) =>
    hostTrigger(
      world,
      {
        time: 'BEFORE INSERT',
        body: `IF NEW.id = 2 THEN RAISE EXCEPTION 'host' USING ERRCODE = '${sqlstate}'; END IF; RETURN NEW;`,
      },
      during,
    )

  test.each([
    'XX000',
    '40001',
    '40P01',
    '57014',
    '57P01',
    '53100',
    '08006',
    '25P02',
    '0A000',
    '42P01',
    '42501',
    'P0002',
    'AB123',
  ])('[P8.8] what a trigger of the host raises as %s puts off its changeset alone', async (sqlstate) => {
    const [first, bad, last] = [
      ann.make([item('1')]),
      ann.make([item('2'), item('3')]),
      ann.make([item('4')]),
    ]
    await failing(sqlstate, async () => {
      const { verdicts } = await ann.send([first, bad, last])
      const code = { '57014': 'took_too_long', '42501': 'forbidden' }[sqlstate] ?? 'database_failed'
      const outcome = sqlstate === '42501' ? 'rejected' : 'deferred'
      expect(verdicts).toMatchObject([
        { outcome: 'applied' },
        { outcome, error: { code, details: { sqlstate } } },
        { outcome: 'applied' },
      ])
      expect(JSON.stringify(verdicts)).not.toContain('host')
    })
    expect(await ids()).toBe('1,4')
    expect(outcomes(await ann.send(moved([bad])))).toEqual(['applied'])
    expect(await ids()).toBe('1,2,3,4')
  })

  test('[P8.7] an insert that a trigger of the host swallows is told, and holds up nothing', async () => {
    const [first, bad, last] = [
      ann.make([item('1')]),
      ann.make([item('2'), item('3')]),
      ann.make([item('4')]),
    ]
    await hostTrigger(
      world,
      { time: 'BEFORE INSERT', body: 'IF NEW.id = 2 THEN RETURN NULL; END IF; RETURN NEW;' },
      async () => {
        const { verdicts } = await ann.send([first, bad, last])
        expect(verdicts.map(({ outcome, error }) => error?.code ?? outcome)).toEqual([
          'applied',
          'not_taken',
          'applied',
        ])
        expect(await ids()).toBe('1,4')
        const [again] = (await ann.send(moved([{ ...bad }]).map((each) => ({ ...each, tries: 19 })))).verdicts
        expect(again).toMatchObject({ outcome: 'rejected', error: { code: 'not_taken' } })
      },
    )
  })

  test('[P8.8] what depends on a deferred changeset is deferred with it, and a thousand others land', async () => {
    const bad = ann.make([item('2', { title: 'a' })])
    const edit = ann.make([retitle('2', 'a', 'b')])
    const child = ann.make([step('2')])
    const grandchild = ann.make([update('steps', { item_id: '2', place: 'x' }, { label: [null, 'l'] })])
    const good = Array.from({ length: 1_000 }, (_, i) => ann.make([item(`${i + 10}`)]))
    await failing('XX000', async () => {
      const told = outcomes(await ann.send([bad, edit, child, grandchild, ...good]))
      expect(told.slice(0, 4)).toEqual(Array.from({ length: 4 }, () => 'deferred'))
      expect(new Set(told.slice(4))).toEqual(new Set(['applied']))
    })
    expect(await world.value('SELECT count(*) FROM items')).toBe('1000')
    const told = outcomes(await ann.send(moved([bad, edit, child, grandchild])))
    expect(told).toEqual(Array.from({ length: 4 }, () => 'applied'))
    expect(await title('2')).toBe('b')
    expect(await world.value('SELECT label FROM steps')).toBe('l')
    expect(await world.value('SELECT count(*) FROM landfall.deferrals')).toBe('0')
  })

  test('[P8.8] until the client has moved what was deferred, later requests are deferred as well', async () => {
    await ann.push([item('1', { title: 'a' })])
    const bad = ann.make([item('2'), retitle('1', 'a', 'b')])
    const [edit, child, good] = [
      ann.make([retitle('1', 'b', 'c')]),
      ann.make([step('2')]),
      ann.make([item('5')]),
    ]
    await failing('XX000', async () => expect(outcomes(await ann.send([bad]))).toEqual(['deferred']))
    expect(outcomes(await ann.send([bad, edit, child, good]))).toEqual([
      'repeated',
      'deferred',
      'deferred',
      'applied',
    ])
    expect([await title('1'), await ids()]).toEqual(['a', '1,5'])
    expect(outcomes(await ann.send(moved([bad, edit, child])))).toEqual(['applied', 'applied', 'applied'])
    expect([await title('1'), await ids()]).toEqual(['c', '1,2,5'])
  })

  test('[P8.8] a push that was sent before the client moved what was deferred comes too late', async () => {
    await ann.push([item('1', { title: 'a' })])
    const [bad, edit] = [ann.make([item('2'), retitle('1', 'a', 'b')]), ann.make([retitle('1', 'b', 'c')])]
    const late = { before: ann.moved, changesets: [bad, edit] }
    await failing('XX000', async () => expect(outcomes(await ann.send([bad]))).toEqual(['deferred']))
    const next = ann.make([item('7')])
    const sent = moved([bad, edit])
    ann.moved = bad.number
    // The device had not sent `edit` by then, so its number is free.
    await ann.send([{ ...next, number: edit.number }])
    const now = ann.moved
    ann.moved = late.before
    const { verdicts } = await ann.send([
      ...late.changesets,
      { ...edit, number: changesetNumber(edit.number + 100) },
    ])
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(['repeated', 'repeated'])
    ann.moved = now
    expect(outcomes(await ann.send(sent))).toEqual(['applied', 'applied'])
    expect(await title('1')).toBe('c')
  })

  test('[P8.8] a child by a foreign key that only the database knows waits for its parent', async () => {
    await world.run('CREATE TABLE IF NOT EXISTS hidden (id int)')
    await world.run('ALTER TABLE items ADD CONSTRAINT only_here FOREIGN KEY (low) REFERENCES items (id)')
    try {
      const [bad, child] = [
        ann.make([item('2')]),
        ann.make([insert('items', { id: '3', project_id: '1', low: '2' })]),
      ]
      await failing('XX000', async () =>
        expect(outcomes(await ann.send([bad, child]))).toEqual(['deferred', 'deferred']),
      )
      expect(outcomes(await ann.send(moved([bad, child])))).toEqual(['applied', 'applied'])
    } finally {
      await world.run('ALTER TABLE items DROP CONSTRAINT only_here')
    }
  })

  test('[P8.8] what is not to be tried yet is numbered anew and lets the others through', async () => {
    const bad = ann.make([item('2')])
    await failing('XX000', async () => expect(outcomes(await ann.send([bad]))).toEqual(['deferred']))
    const [again] = moved([bad])
    const waiting = again === undefined ? [] : [{ ...again, waits: true }]
    expect(outcomes(await ann.send([...waiting, ann.make([item('3')])]))).toEqual(['deferred', 'applied'])
    expect(await world.run('SELECT tries::text FROM landfall.deferrals')).toEqual([{ tries: '1' }])
  })

  test('[P8.8] after the stated number of tries it is a rejection with the last reason', async () => {
    const bad = ann.make([item('2')])
    await failing('XX000', async () => {
      let sent = [bad]
      for (let tries = 1; tries < 20; tries++) {
        expect(outcomes(await ann.send(sent))).toEqual(['deferred'])
        sent = moved(sent).map((each) => ({ ...each, tries }))
      }
      const details = { sqlstate: 'XX000' }
      expect((await ann.send(sent)).verdicts).toMatchObject([
        { outcome: 'rejected', error: { code: 'database_failed', details } },
      ])
    })
  })

  test('[P8.8] what the database failed at is told to those who keep it', async () => {
    const told: unknown[] = []
    const server = createPushingClient({ ...world.context, report: (error) => told.push(error) }, 'ann')
    await failing('XX000', async () => {
      const changesets = [server.make([item('1')]), server.make([item('2')])]
      expect(outcomes(await server.send(changesets))).toEqual(['applied', 'deferred'])
    })
    expect(told).toMatchObject([{ sqlstate: 'XX000', message: expect.stringContaining('host') }])
  })

  test('[P10] a client that never moves what is deferred is not heard beyond a stated number', async () => {
    await ann.push([item('1')])
    await world.run(
      `INSERT INTO landfall.deferrals SELECT $1, n, '{}', 1, '[]' FROM generate_series(2, 10001) AS n`,
      [ann.id],
    )
    const next = { ...ann.make([item('2')]), number: changesetNumber(10_002) }
    expect((await ann.send([next])).verdicts).toEqual([])
    ann.moved = changesetNumber(10_001)
    expect(outcomes(await ann.send([next]))).toEqual(['applied'])
  })
}
