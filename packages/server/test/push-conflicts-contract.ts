/** What a push does where others have been before it; `push-postgres.test.ts` and `push-pglite.test.ts` run all of it. */
import type { WireValue } from '@landfall/protocol'
import { beforeEach, expect, test } from 'vitest'
import { insert, type PushingClient, type PushWorld, remove, update } from './support/push-world.ts'

type Outcome = { now: WireValue; conflict: string | null }
/** base, mine, theirs -> what Postgres holds then, and the conflict that is kept: who won. */
type Case = [
  column: string,
  base: WireValue,
  mine: WireValue,
  theirs: WireValue,
  ...then: [WireValue, string | null],
]

/** `mine` is the later edit. */
const POLICIES: Case[] = [
  ['title', 'a', 'b', 'c', 'b', 'mine'],
  ['first', 'a', 'b', 'c', 'c', 'theirs'],
  ['first', null, 'b', 'c', 'c', 'theirs'],
  ['status', 'a', 'b', 'c', 'c', 'theirs'],
  ['status', 'a', 'b', null, null, 'theirs'],
  ['status', 'a', null, 'c', 'c', 'theirs'],
  ['status', 'a', 'b', 'b', 'b', null],
  ['votes', '5', '7', '10', '12', null],
  ['votes', '5', '7', '7', '9', null],
  ['votes', '5', '4', '10', '9', null],
  ['votes', null, '1', '1', '2', null],
  ['votes', '5', '6', null, '1', null],
  ['score', '0.5', '1.5', '2.25', '3.25', null],
  ['high', '1', '5', '3.50', '5', 'mine'],
  ['high', '1', '2', '3.50', '3.50', 'theirs'],
  ['high', '1', '3.5', '3.50', '3.50', null],
  ['low', '9', '5', '3', '3', 'theirs'],
  ['low', '9', '2', '3', '2', 'mine'],
  ['low', '9', '2', null, '2', 'mine'],
  ['tags', '{a,b}', '{b,c}', '{a,b,d}', '{b,d,c}', null],
  ['tags', '{a}', '{}', '{a,b}', '{b}', null],
  ['tags', null, '{a}', '{b,NULL}', '{b,NULL,a}', null],
  ['tags', '{a}', '{a,b}', '{{a},{c}}', '{{a},{c}}', 'theirs'],
  ['body', 'one\ntwo\nthree', 'ONE\ntwo\nthree', 'one\ntwo\nTHREE', 'ONE\ntwo\nTHREE', 'merged'],
  ['body', 'one\ntwo\nthree', 'one\n2\nthree', 'one\nzwei\nthree', 'one\nzwei\nthree', 'theirs'],
  ['body', 'one', null, 'two', 'two', 'theirs'],
  ['joined', 'a', 'b', 'c', 'c+b', 'merged'],
  ['joined', 'a', 'never', 'c', 'c', 'theirs'],
]

export function pushConflictsContract(open: () => PushWorld): void {
  let world: PushWorld
  let ann: PushingClient
  let bob: PushingClient

  beforeEach(async () => {
    world = open()
    world.context.authorize = {}
    await world.refill()
    ann = world.client('ann')
    bob = world.client('bob')
  })

  const row = { id: '1', project_id: '2' }
  const edit = (column: string, from: WireValue, to: WireValue) =>
    update('items', { id: '1' }, { [column]: [from, to] })
  const conflicts = () =>
    world.run(`SELECT tbl, key::text, col, policy, kept, base, mine, theirs, scopes::text, client, user_id
      FROM landfall.conflicts ORDER BY at, col`)

  async function outcome(column: string): Promise<Outcome> {
    const now = await world.value(`SELECT ${column}::text FROM items`)
    const [conflict] = await conflicts()
    return { now, conflict: conflict?.['kept'] ?? null }
  }

  test.each(POLICIES)('[P7.2] %s: %s -> %s meets %s', async (...given) => {
    const [column, base, mine, theirs, now, kept] = given
    await ann.push([insert('items', { ...row, [column]: base })])
    expect(await ann.push([edit(column, base, theirs)])).toBe('applied')
    expect(await bob.push([edit(column, base, mine)], Date.now() + 1000)).toBe('applied')
    expect(await outcome(column)).toEqual({ now, conflict: kept })
    const [conflict] = await conflicts()
    if (kept === null) return
    expect(conflict).toMatchObject({ tbl: 'items', key: '{1}', col: column, base, mine, theirs })
    expect(conflict).toMatchObject({ scopes: '{project:2}', client: bob.id, user_id: 'bob' })
  })

  test.each([
    ['the later edit arrives first', ['late', 'early'], { now: 'late', kept: 'theirs' }],
    ['the later edit arrives last', ['early', 'late'], { now: 'late', kept: 'mine' }],
  ])('[P14] %s', async (_, order, { now, kept }) => {
    await ann.push([insert('items', { ...row, title: 'old' })], Date.now() - 60_000)
    const at: { [word: string]: number } = { early: Date.now() - 30_000, late: Date.now() - 10_000 }
    const [first = '', second = ''] = order
    await ann.push([edit('title', 'old', first)], at[first])
    await bob.push([edit('title', 'old', second)], at[second])
    expect(await outcome('title')).toEqual({ now, conflict: kept })
  })

  test('[P14] an edit in Postgres by another program counts when it was made', async () => {
    await ann.push([insert('items', { ...row, title: 'old' })], Date.now() - 60_000)
    await world.run(`UPDATE items SET title = 'psql' WHERE id = 1`)
    await bob.push([edit('title', 'old', 'offline before')], Date.now() - 30_000)
    expect(await outcome('title')).toEqual({ now: 'psql', conflict: 'theirs' })
    await bob.push([edit('title', 'old', 'edited after')], Date.now() + 1000)
    expect(await world.value('SELECT title FROM items')).toBe('edited after')
  })

  test('[P14] other columns of the row, written later, do not matter', async () => {
    await ann.push([insert('items', { ...row, title: 'old' })], Date.now() - 60_000)
    await ann.push([edit('title', 'old', 'early')], Date.now() - 40_000)
    await world.run(`UPDATE items SET price = 3 WHERE id = 1`)
    await bob.push([edit('title', 'old', 'later')], Date.now() - 20_000)
    expect(await outcome('title')).toEqual({ now: 'later', conflict: 'mine' })
  })

  test('[P14] each changeset of one push is judged by its own stamp', async () => {
    await ann.push([insert('items', row), insert('items', { id: '2', project_id: '2' })], Date.now() - 60_000)
    await world.run(`UPDATE items SET title = 'noon'`)
    await world.run(`UPDATE landfall.changes SET hlc = ${BigInt(Date.now() - 30_000) << 16n} WHERE op = 'u'`)
    const title = (id: string, to: string) => [update('items', { id }, { title: ['untitled', to] })]
    const { verdicts } = await bob.send([
      bob.make(title('1', 'before noon'), Date.now() - 40_000),
      bob.make(title('2', 'after noon'), Date.now() - 20_000),
    ])
    expect(verdicts.map((verdict) => verdict.outcome)).toEqual(['applied', 'applied'])
    expect(await world.run('SELECT title FROM items ORDER BY id')).toEqual([
      { title: 'noon' },
      { title: 'after noon' },
    ])
    const stamps = await world.run(
      `SELECT key[1] AS key, ((${Date.now()} - hlc / 65536) / 10000)::int::text AS tens
      FROM landfall.changes WHERE client = $1`,
      [bob.id],
    )
    expect(stamps).toEqual([{ key: '2', tens: '2' }])
  })

  test('[P14.1] an edit stamped 2099 wins no longer than a minute', async () => {
    await ann.push([insert('items', { ...row, title: 'old' })])
    await ann.push([edit('title', 'old', 'future')], Date.UTC(2099, 0, 1))
    await bob.push([edit('title', 'old', 'soon')], Date.now() + 30_000)
    expect(await outcome('title')).toEqual({ now: 'future', conflict: 'theirs' })
    await world.run(`UPDATE landfall.changes SET hlc = hlc - ${61_000n << 16n} WHERE client = $1`, [ann.id])
    await bob.push([edit('title', 'old', 'a minute later')])
    expect(await world.value('SELECT title FROM items')).toBe('a minute later')
  })

  test('[P14] a client’s second edit does not conflict with its first, even where a trigger changed that', async () => {
    await world.run(`CREATE OR REPLACE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN NEW.title := upper(NEW.title); RETURN NEW; END $$`)
    await world.run('CREATE TRIGGER shout BEFORE UPDATE ON items FOR EACH ROW EXECUTE FUNCTION shout()')
    try {
      await ann.push([insert('items', { ...row, title: 'a' })])
      expect(await ann.pushAll([[edit('title', 'a', 'b')], [edit('title', 'b', 'c')]])).toEqual([
        'applied',
        'applied',
      ])
      expect(await outcome('title')).toEqual({ now: 'C', conflict: null })
      expect(await ann.push([remove('items', { id: '1' }, { title: 'c' })])).toBe('applied')
      expect(await conflicts()).toEqual([])
    } finally {
      await world.run('DROP TRIGGER shout ON items')
    }
  })

  test('[P7.2] a second change on top of a merge that its author has not seen yet keeps the merge', async () => {
    await ann.push([insert('items', { ...row, tags: '{a}' })])
    await ann.push([edit('tags', '{a}', '{a,x}')])
    await bob.pushAll([[edit('tags', '{a}', '{a,b}')], [edit('tags', '{a,b}', '{a,b,c}')]])
    expect(await outcome('tags')).toEqual({ now: '{a,x,b,c}', conflict: null })
  })

  test('[P7.1] the clean columns of a row are written, and each conflict has a record', async () => {
    await ann.push([insert('items', { ...row, title: 'a', status: 's', slug: 'x' })], Date.now() - 60_000)
    await world.run(`UPDATE items SET title = 'theirs', status = 'theirs'`)
    const changes = { title: ['a', 'mine'], status: ['s', 'mine'], slug: ['x', 'y'] } satisfies {
      [column: string]: [string, string]
    }
    await bob.push([update('items', { id: '1' }, changes)], Date.now() - 30_000)
    expect(await world.run('SELECT title, status, slug FROM items')).toEqual([
      { title: 'theirs', status: 'theirs', slug: 'y' },
    ])
    expect((await conflicts()).map(({ col, kept, mine }) => [col, kept, mine])).toEqual([
      ['status', 'theirs', 'mine'],
      ['title', 'theirs', 'mine'],
    ])
  })

  test('[P7.3] the row was deleted: the delete wins, the update is kept', async () => {
    await ann.push([insert('items', { ...row, title: 'a', slug: 's' })])
    await ann.push([remove('items', { id: '1' })])
    const changes = { title: ['a', 'b'], slug: ['s', null] } satisfies {
      [column: string]: [string, string | null]
    }
    expect(await bob.push([update('items', { id: '1' }, changes)])).toBe('applied')
    expect(await world.value('SELECT count(*) FROM items')).toBe('0')
    const [conflict] = await conflicts()
    expect(conflict).toMatchObject({
      col: null,
      kept: 'theirs',
      theirs: null,
      scopes: '{project:2}',
      key: '{1}',
    })
    expect(JSON.parse(conflict?.['mine'] ?? '')).toEqual({ title: 'b', slug: null })
    expect(JSON.parse(conflict?.['base'] ?? '')).toEqual({ title: 'a', slug: 's' })
  })

  test('[P7.3] the row was changed: the delete wins, the changes are kept', async () => {
    await ann.push([insert('items', { ...row, title: 'a', slug: 's' })])
    await ann.push([edit('title', 'a', 'b')])
    expect(await bob.push([remove('items', { id: '1' }, { title: 'a', slug: 's' })])).toBe('applied')
    expect(await world.value('SELECT count(*) FROM items')).toBe('0')
    const [conflict] = await conflicts()
    expect(conflict).toMatchObject({ col: null, kept: 'mine', mine: null, scopes: '{project:2}' })
    expect(JSON.parse(conflict?.['theirs'] ?? '')).toEqual({ title: 'b' })
    expect(JSON.parse(conflict?.['base'] ?? '')).toEqual({ title: 'a' })
  })

  test('[P7.3] what was merged into the own edit of who deletes, and not seen, is kept too', async () => {
    await ann.push([insert('items', { ...row, title: 'a', tags: '{x}', votes: '1' })])
    const change = (tags: string, votes: string) =>
      update('items', { id: '1' }, { tags: ['{x}', tags], votes: ['1', votes] })
    expect(await bob.push([change('{x,b}', '3')])).toBe('applied')
    expect(await ann.push([change('{x,a}', '2')])).toBe('applied')
    expect(await ann.push([remove('items', { id: '1' }, { title: 'a', tags: '{x,a}', votes: '2' })])).toBe(
      'applied',
    )
    expect(await world.value('SELECT count(*) FROM items')).toBe('0')
    const [conflict, ...more] = await conflicts()
    expect(more).toEqual([])
    expect(JSON.parse(conflict?.['theirs'] ?? '')).toEqual({ tags: '{x,b,a}', votes: '4' })
  })

  test('[P7.3] what who deletes has emptied itself is nobody’s loss', async () => {
    await ann.push([insert('items', { ...row, title: 'a', slug: 's' })])
    await ann.push([edit('slug', 's', null)])
    expect(await ann.push([remove('items', { id: '1' }, { title: 'a', slug: 's' })])).toBe('applied')
    expect(await conflicts()).toEqual([])
  })

  test('[P7.3] both deleted the row: nothing is left to do', async () => {
    await ann.push([insert('items', row)])
    await ann.push([remove('items', { id: '1' })])
    expect(await bob.push([remove('items', { id: '1' })])).toBe('applied')
    expect(await conflicts()).toEqual([])
  })

  test('[P7.2] both inserted the row: an edit from nothing, column by column', async () => {
    await ann.push(
      [insert('items', { ...row, title: 'ann', status: 'a', slug: 'x', votes: '2' })],
      Date.now() - 1000,
    )
    const told = await bob.push([
      insert('items', { ...row, title: 'bob', status: 'b', first: 'f', votes: '3' }),
    ])
    expect(told).toBe('applied')
    expect(await world.run('SELECT title, status, slug, first, votes::text FROM items')).toEqual([
      { title: 'bob', status: 'a', slug: 'x', first: 'f', votes: '5' },
    ])
    expect((await conflicts()).map(({ col, kept }) => [col, kept])).toEqual([
      ['status', 'theirs'],
      ['title', 'mine'],
    ])
  })

  test('[P2] an insert that is there already, with the same values, is no conflict', async () => {
    await world.run(`INSERT INTO items (id, project_id, title) VALUES (1, 2, 'same')`)
    expect(await ann.push([insert('items', { ...row, title: 'same' })])).toBe('applied')
    expect(await conflicts()).toEqual([])
  })

  test('[P7.2] a merge that does not fit the column is rejected', async () => {
    await ann.push([insert('items', { ...row, votes: '0' })])
    await ann.push([edit('votes', '0', '2000000000')])
    expect(await bob.push([edit('votes', '0', '2000000000')])).toBe('value_invalid')
    expect(await world.value('SELECT votes::text FROM items')).toBe('2000000000')
  })

  const bad = (from: WireValue, to: WireValue) => [
    update('items', { id: '1' }, { status: [from, to], votes: ['0', '1'], price: [null, '-1'] }),
  ]

  test('[P7.9] after rejections there is no conflict with a value that nobody ever had', async () => {
    await world.run(`INSERT INTO items (id, project_id, status, votes) VALUES (1, 2, 'a', 0)`)
    const told = await ann.pushAll([
      bad('a', 'b'),
      bad('b', 'c'),
      [update('items', { id: '1' }, { created_at: ['x', 'y'], status: ['c', 'd'] })],
      [update('items', { id: '1' }, { status: ['d', 'e'], votes: ['1', '2'] })],
    ])
    expect(told).toEqual(['check_violation', 'check_violation', 'readonly_column', 'applied'])
    expect(await conflicts()).toEqual([])
    expect(await world.run('SELECT status, votes::text FROM items')).toEqual([{ status: 'e', votes: '2' }])
  })

  test('[P7.9] nor when the rejected one had its verdict in an earlier push, or others have been there', async () => {
    await world.run(`INSERT INTO items (id, project_id, status, votes) VALUES (1, 2, 'a', 0)`)
    const first = ann.make(bad('a', 'b'))
    await ann.send([first])
    await world.run('UPDATE items SET votes = 10')
    const { verdicts } = await ann.send([
      first,
      ann.make([update('items', { id: '1' }, { status: ['b', 'c'], votes: ['1', '2'] })]),
    ])
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(['repeated', 'applied'])
    expect(await conflicts()).toEqual([])
    expect(await world.run('SELECT status, votes::text FROM items')).toEqual([{ status: 'c', votes: '12' }])
  })

  test('[P7.9] a row whose deletion was rejected, and which is made again, is edited', async () => {
    await world.run(`INSERT INTO items (id, project_id, title, status) VALUES (1, 2, 'a', 's')`)
    world.context.authorize = { items: ({ operation }) => operation !== 'delete' }
    const told = await ann.pushAll([
      [remove('items', { id: '1' }, { id: '1', project_id: '2', title: 'a', status: 's' })],
      [
        insert('items', { id: '1', project_id: '2', title: 'b', status: 't' }),
        insert('items', { id: '2', project_id: '2' }),
      ],
      [update('items', { id: '1' }, { status: ['t', 'u'] })],
    ])
    expect(told).toEqual(['forbidden', 'applied', 'applied'])
    expect(await conflicts()).toEqual([])
    expect(await world.run('SELECT title, status FROM items ORDER BY id')).toEqual([
      { title: 'b', status: 'u' },
      { title: 'untitled', status: null },
    ])
  })

  test('[P7.1] a thousand conflicts of one push are all kept', async () => {
    await world.run(`INSERT INTO items (id, project_id, title, status)
      SELECT i, 2, 'a', CASE WHEN i % 2 = 0 THEN 'x' END FROM generate_series(1, 1000) i`)
    await world.run(`UPDATE items SET title = 'theirs', status = 'y' WHERE id % 2 = 0`)
    const changes = Array.from({ length: 1000 }, (_, i) =>
      update('items', { id: `${i + 1}` }, { title: ['a', 'mine'], status: [i % 2 ? 'x' : null, 'z'] }),
    )
    expect(await bob.push(changes, Date.now() - 60_000)).toBe('applied')
    expect(
      await world.run('SELECT title, status, count(*)::text AS n FROM items GROUP BY 1, 2 ORDER BY 1'),
    ).toEqual([
      { title: 'mine', status: 'z', n: '500' },
      { title: 'theirs', status: 'y', n: '500' },
    ])
    const kept = await world.run(
      'SELECT col, kept, count(*)::text AS n FROM landfall.conflicts GROUP BY 1, 2 ORDER BY 1',
    )
    expect(kept).toEqual([
      { col: 'status', kept: 'theirs', n: '500' },
      { col: 'title', kept: 'theirs', n: '500' },
    ])
  })
}
