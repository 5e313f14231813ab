/** What a push does where nobody is in its way; `push-postgres.test.ts` and `push-pglite.test.ts` run all of it. */
import { beforeEach, expect, test } from 'vitest'
import { insert, type PushingClient, type PushWorld, remove, update } from './support/push-world.ts'

export function pushContract(open: () => PushWorld): void {
  let world: PushWorld
  let ann: PushingClient

  beforeEach(async () => {
    world = open()
    await world.refill()
    ann = world.client('ann')
  })

  const item = (id: string, rest = {}) => insert('items', { id, project_id: '1', ...rest })
  const titles = () => world.value(`SELECT string_agg(id || ' ' || title, ', ' ORDER BY id) FROM items`)

  test('[P2] inserts, updates and deletes take effect', async () => {
    expect(await ann.push([item('1', { title: 'a' }), item('2')])).toBe('applied')
    expect(await titles()).toBe('1 a, 2 untitled')
    expect(await ann.push([update('items', { id: '1' }, { title: ['a', 'b'] })])).toBe('applied')
    expect(await titles()).toBe('1 b, 2 untitled')
    expect(await ann.push([remove('items', { id: '2' }, { title: 'untitled' })])).toBe('applied')
    expect(await titles()).toBe('1 b')
    expect(await world.value('SELECT count(*) FROM landfall.conflicts')).toBe('0')
  })

  test('[P2] a push that is sent again gives the verdicts of the first and takes effect once', async () => {
    await ann.push([item('1', { votes: '0', price: '1' })])
    const good = ann.make([update('items', { id: '1' }, { votes: ['0', '5'] })])
    const bad = ann.make([update('items', { id: '1' }, { price: ['1', '-1'] })])
    const first = await ann.send([good, bad])
    expect(first.verdicts.map(({ outcome }) => outcome)).toEqual(['applied', 'rejected'])
    const second = await ann.send([good, bad])
    expect(second.verdicts.map(({ outcome }) => outcome)).toEqual(['repeated', 'repeated'])
    expect(second.verdicts[1]?.error).toEqual(first.verdicts[1]?.error)
    expect(await world.value('SELECT string_agg(change::text, $$,$$) FROM ledger')).toBe('5')
  })

  test('[P2.2] changesets of one push take effect in order, also on the same row', async () => {
    const votes = (from: string, to: string) => [update('items', { id: '1' }, { votes: [from, to] })]
    const told = await ann.pushAll([
      [item('1', { votes: '0' })],
      votes('0', '1'),
      votes('1', '2'),
      votes('2', '7'),
    ])
    expect(told).toEqual(['applied', 'applied', 'applied', 'applied'])
    expect(await world.value('SELECT string_agg(change::text, $$,$$ ORDER BY change) FROM ledger')).toBe(
      '1,1,5',
    )
  })

  test('[P2.2] numbers that fall or repeat are refused whole', async () => {
    const [one, two] = [ann.make([item('1')]), ann.make([item('2')])]
    await expect(ann.send([two, one])).rejects.toMatchObject({ code: 'bad_request' })
    await expect(ann.send([one, one])).rejects.toMatchObject({ code: 'bad_request' })
    expect(await titles()).toBe(null)
  })

  test('[P10] a push that takes too long is cut off between changesets, and goes on where it was', async () => {
    const limits = world.context.limits
    world.context.limits = { ...limits, pushMs: -1 }
    const votes = (from: string, to: string) =>
      ann.make([update('items', { id: '1' }, { votes: [from, to] })])
    const made = [
      ann.make([item('1', { votes: '0' })]),
      votes('0', '1'),
      ann.make([item('2', { no: 'x' })]),
      votes('1', '2'),
    ]
    const outcomes = async () =>
      (await ann.send(made)).verdicts.map(({ number, outcome }) => `${number} ${outcome}`)
    expect(await outcomes()).toEqual(['1 applied'])
    expect(await outcomes()).toEqual(['1 repeated', '2 applied', '3 rejected'])
    expect(await outcomes()).toEqual(['1 repeated', '2 repeated', '3 repeated', '4 applied'])
    expect(await world.value('SELECT votes::text FROM items')).toBe('2')
    world.context.limits = limits
  })

  test('[P2.3] a changeset is rejected whole', async () => {
    await ann.push([item('1', { title: 'a' })])
    const told = await ann.push([
      update('items', { id: '1' }, { title: ['a', 'b'] }),
      item('2', { price: '-1' }),
    ])
    expect(told).toBe('check_violation')
    expect(await titles()).toBe('1 a')
  })

  test('[P8] a bad changeset among good ones is rejected alone, with its reason', async () => {
    const changesets = Array.from({ length: 20 }, (_, i) => [item(`${i}`, { price: i === 13 ? '-1' : '1' })])
    const told = await ann.pushAll(changesets)
    expect(told.filter((word) => word === 'applied')).toHaveLength(19)
    expect(told[13]).toBe('check_violation')
    expect(await world.value('SELECT count(*) FROM items')).toBe('19')
    const rejections = await world.run(
      `SELECT number::text, error->>'code' AS code FROM landfall.rejections
      WHERE client = $1`,
      [ann.id],
    )
    expect(rejections).toEqual([{ number: '14', code: 'check_violation' }])
  })

  test('[P8.3] each refusal of Postgres has its code and names table, column and constraint, but no values', async () => {
    await ann.push([item('1', { slug: 'taken' })])
    const cases: [string, ReturnType<typeof item>, object][] = [
      ['unique_violation', item('2', { slug: 'taken' }), { constraint: 'one_slug' }],
      [
        'foreign_key_violation',
        insert('steps', { item_id: '9', place: 'x', project_id: '1' }),
        { table: 'steps' },
      ],
      ['check_violation', item('2', { price: '-1' }), { constraint: 'fair_price' }],
      [
        'not_null_violation',
        update('items', { id: '1' }, { title: ['untitled', null] }),
        { column: 'title' },
      ],
      ['value_invalid', item('2', { votes: 'many' }), {}],
      ['value_invalid', item('2', { code: 'too long' }), {}],
      ['value_invalid', item('2', { votes: '99999999999' }), {}],
      ['schema_mismatch', item('2', { colour: 'red' }), { column: 'colour' }],
      ['schema_mismatch', item('2', { secret: 'x' }), { column: 'secret' }],
      ['schema_mismatch', insert('ledger', { code: '2' }), { table: 'ledger' }],
      ['readonly_column', item('2', { created_at: '2020-01-01' }), { column: 'created_at' }],
      ['readonly_table', insert('countries', { code: 'fr', name: 'France' }), { table: 'countries' }],
    ]
    for (const [code, change, details] of cases) {
      const { verdicts } = await ann.send([ann.make([change])])
      expect(verdicts).toMatchObject([{ outcome: 'rejected', error: { code, details } }])
      expect(JSON.stringify(verdicts)).not.toMatch(/taken|many|too long/)
    }
    expect(await titles()).toBe('1 untitled')
  })

  test('[P8.3] what a trigger of the app says is passed on', async () => {
    await world.run(`CREATE OR REPLACE FUNCTION closed() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN RAISE EXCEPTION 'closed on Sundays'; END $$`)
    await world.run('CREATE TRIGGER closed BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION closed()')
    try {
      const { verdicts } = await ann.send([ann.make([item('1')])])
      const details = { table: 'items', key: ['1'], reason: 'closed on Sundays', sqlstate: 'P0001' }
      expect(verdicts[0]?.error).toMatchObject({ code: 'postgres_refused', details })
    } finally {
      await world.run('DROP TRIGGER closed ON items')
    }
  })

  test('[P8.3] a rejection names the row that Postgres meant', async () => {
    await ann.push([item('1', { slug: 'taken' })])
    const many = [item('2', { slug: 'free' }), item('3', { slug: 'taken' }), item('4', { slug: 'too' })]
    const orphans = ['8', '9'].map((item_id) => insert('steps', { item_id, place: 'x', project_id: '1' }))
    const { verdicts } = await ann.send([
      ann.make(many),
      ann.make([item('9'), ...orphans]),
      ann.make([item('2', { votes: '?' })]),
    ])
    expect(verdicts.map(({ error }) => error?.details)).toMatchObject([
      { table: 'items', key: ['3'] },
      { table: 'steps', constraint: 'steps_item_id_fkey' },
      { table: 'items', key: ['2'] },
    ])
  })

  test('[P16] a malformed changeset is rejected and changes nothing', async () => {
    const twice = [item('1', { title: 'a' }), item('1', { title: 'b' })]
    const noKey = [insert('steps', { place: 'x', project_id: '1' })]
    const movedKey = [{ ...item('1'), key: ['2'] }]
    expect(await ann.pushAll([twice, noKey, movedKey])).toEqual(['bad_request', 'bad_request', 'bad_request'])
    expect(await titles()).toBe(null)
  })

  test('[P2.3] parents and children come in any order within a transaction', async () => {
    const step = insert('steps', { item_id: '1', place: 'a', project_id: '1' })
    expect(await ann.push([step, item('1')])).toBe('applied')
    expect(
      await ann.push([remove('items', { id: '1' }), remove('steps', { item_id: '1', place: 'a' })]),
    ).toBe('applied')
    expect(await world.value('SELECT count(*) FROM steps')).toBe('0')
  })

  test('[P2.3] a unique value can be reused in the transaction that frees it', async () => {
    await ann.push([item('1', { slug: 'x' })])
    expect(await ann.push([remove('items', { id: '1' }, { slug: 'x' }), item('2', { slug: 'x' })])).toBe(
      'applied',
    )
    expect(await titles()).toBe('2 untitled')
    const freed = [remove('items', { id: '2' }), item('3', { slug: 'x', price: '-1' })]
    expect(await ann.push(freed)).toBe('check_violation')
  })

  test('[P2.3] a child moves to another parent in the transaction that deletes the first', async () => {
    await ann.push([item('1'), item('2'), insert('steps', { item_id: '1', place: 'a', project_id: '1' })])
    const move = [
      remove('steps', { item_id: '1', place: 'a' }),
      insert('steps', { item_id: '2', place: 'a', project_id: '1' }),
      remove('items', { id: '1' }),
    ]
    expect(await ann.push(move)).toBe('applied')
    expect(await world.value('SELECT item_id::text FROM steps')).toBe('2')
  })

  test('[P2.2] a child written after its parent was deleted does not vanish unseen', async () => {
    await world.run('ALTER TABLE steps DROP CONSTRAINT steps_item_id_fkey')
    await world.run(`ALTER TABLE steps ADD CONSTRAINT steps_item_id_fkey
      FOREIGN KEY (item_id) REFERENCES items ON DELETE CASCADE`)
    await ann.push([item('1')])
    const told = await ann.pushAll([
      [remove('items', { id: '1' })],
      [insert('steps', { item_id: '1', place: 'late', project_id: '1' })],
    ])
    expect(told).toEqual(['applied', 'foreign_key_violation'])
  })

  test('[P8] a deferred constraint fails the changeset that breaks it, not the push', async () => {
    await world.run('ALTER TABLE items ADD CONSTRAINT later UNIQUE (joined) DEFERRABLE INITIALLY DEFERRED')
    try {
      const joined = (id: string, value: string) => [item(id, { joined: value })]
      expect(await ann.pushAll([joined('1', 'a'), joined('2', 'a'), joined('3', 'b')])).toEqual([
        'applied',
        'unique_violation',
        'applied',
      ])
      const swap = [
        update('items', { id: '1' }, { joined: ['a', 'b'] }),
        update('items', { id: '3' }, { joined: ['b', 'a'] }),
      ]
      expect(await ann.push(swap)).toBe('applied')
    } finally {
      await world.run('ALTER TABLE items DROP CONSTRAINT later')
    }
  })

  test('[P13.8] values are compared by type: two spellings of one value are no conflict', async () => {
    await ann.push([item('1')])
    await world.run(`UPDATE items SET price = 1.5, high = 1.50, meta = '{"b":1,"a":2}', extra = '{"b": 1}',
      at = '2024-01-02 03:04:05+00', tags = '{"a",b}', score = 'NaN'`)
    const told = await ann.push([
      update(
        'items',
        { id: '1' },
        {
          price: ['1.500', '2.50'],
          high: ['1.5', '1.500'],
          meta: ['{"a": 2, "b": 1}', '{"a": 3}'],
          extra: ['{"b": 1}', '{"b":  1}'],
          at: ['2024-01-02 04:04:05+01', '2024-01-02 03:04:05.123456+00'],
          tags: ['{a,"b"}', '{a,b,"c d"}'],
          score: ['NaN', '-0'],
          slug: [null, ''],
        },
      ),
    ])
    expect(told).toBe('applied')
    expect(await world.value('SELECT count(*) FROM landfall.conflicts')).toBe('0')
    const [row] =
      await world.run(`SELECT price::text, high::text, meta::text, extra::text, at::text, tags::text,
      score::text, slug FROM items`)
    expect(row).toEqual({
      price: '2.50',
      high: '1.500',
      meta: '{"a": 3}',
      extra: '{"b":  1}',
      at: '2024-01-02 03:04:05.123456+00',
      tags: '{a,b,"c d"}',
      score: '-0',
      slug: '',
    })
  })

  test('[P13] a row with a composite key and a text of every kind of quote arrives as it was', async () => {
    await ann.push([item('1')])
    const place = `a"b'c\\d,{}\n$1 NULL`
    expect(await ann.push([insert('steps', { item_id: '1', place, project_id: '1', label: 'NULL' })])).toBe(
      'applied',
    )
    expect(await ann.push([update('steps', { item_id: '1', place }, { label: ['NULL', '{"}'] })])).toBe(
      'applied',
    )
    expect(await world.run('SELECT place, label FROM steps')).toEqual([{ place, label: '{"}' }])
  })

  test('[P14] every log row carries the stamp of its own changeset, clamped', async () => {
    const now = Date.UTC(2024, 0, 1)
    const made = [
      ann.make([item('1'), item('2')], now),
      ann.make([item('3')], now + 1000),
      ann.make([update('items', { id: '1' }, { title: ['untitled', 'x'] })], now + 2000),
      ann.make([item('4')], Date.UTC(2099, 0, 1)),
    ]
    await ann.send(made)
    const rows = await world.run(`SELECT key[1] AS key, op::text, (hlc / 65536)::text AS ms, client
      FROM landfall.changes WHERE tbl = 'items' ORDER BY seq`)
    const clamped = Number(rows[4]?.['ms'] ?? rows.at(-1)?.['ms'])
    expect(rows.slice(0, 3).map((row) => [row['key'], row['ms']])).toEqual([
      ['1', `${now}`],
      ['2', `${now}`],
      ['3', `${now + 1000}`],
    ])
    expect(rows.find((row) => row['op'] === 'u')).toMatchObject({ key: '1', ms: `${now + 2000}` })
    expect(rows.every((row) => row['client'] === ann.id)).toBe(true)
    expect(clamped).toBeLessThan(Date.UTC(2090, 0, 1))
  })
}
