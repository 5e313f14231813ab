/** Nobody lets himself in: which scopes give the right to write, and when; run on a real Postgres and on PGlite. */
import { beforeEach, expect, test } from 'vitest'
import type { AuthorizeChange } from '../src/context.ts'
import {
  type Change,
  insert,
  type PushingClient,
  type PushWorld,
  remove,
  update,
} from './support/push-world.ts'

export function pushScopesContract(open: () => PushWorld): void {
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

  const member = (project: string, user: string) => insert('members', { project_id: project, user_id: user })
  const note = (id: string, project: string | null, owner: string | null = null) =>
    insert('notes', { id, project_id: project, owner, body: 'new' })
  const members = () =>
    world.value(`SELECT string_agg(project_id || user_id, ' ' ORDER BY project_id, user_id) FROM members`)
  const count = (table: string) => world.value(`SELECT count(*) FROM ${table}`)
  const told = async (client: PushingClient, changes: Change[]) => {
    const { verdicts } = await client.send([client.make(changes)])
    return [verdicts[0]?.outcome, verdicts[0]?.error?.code, verdicts[0]?.error?.details]
  }

  test('[P4.7] a stranger’s membership is refused, alone and with rows, and the refusal names scope and table', async () => {
    const refusal = { table: 'members', key: ['9', 'ann'], scope: 'project' }
    expect(await told(ann, [member('9', 'ann')])).toEqual(['rejected', 'forbidden', refusal])
    expect(await ann.push([member('9', 'ann'), note('5', '9', 'ann')])).toBe('forbidden')
    expect(await ann.pushAll([[member('9', 'ann')], [note('5', '9', 'ann')]])).toEqual([
      'forbidden',
      'forbidden',
    ])
    expect(await members()).toBe('1ann 2ann 2bob 9cat')
    expect(await count('notes')).toBe('3')
  })

  test('[P4.7] a row in several scopes is written by the scope that its table names, before and after', async () => {
    const body = (id: string) => [update('notes', { id }, { body: [`of ${NAMES[id]}`, 'mine'] })]
    expect(await ann.push(body('1'))).toBe('applied')
    expect(await ann.push(body('2'))).toBe('applied')
    // Her own note of a project that is not hers: she reads it, and may not write it.
    expect(await told(ann, body('9'))).toEqual([
      'rejected',
      'forbidden',
      { table: 'notes', key: ['9'], scope: 'project' },
    ])
    expect(await ann.push([remove('notes', { id: '9' })])).toBe('forbidden')
    const move = (from: string, to: string | null) => [
      update('notes', { id: '1' }, { project_id: [from, to] }),
    ]
    expect(await ann.push(move('1', '9'))).toBe('forbidden')
    expect(await ann.push(move('1', null))).toBe('forbidden')
    expect(await ann.push(move('1', '2'))).toBe('applied')
    expect(await ann.push([note('5', null, 'ann')])).toBe('forbidden')
    // Who names one scope lets its holders place rows in the others.
    expect(await ann.push([update('notes', { id: '1' }, { owner: ['ann', 'cat'] })])).toBe('applied')
  })

  test('[P4.7] of a list all scopes must be held, and NULL names none', async () => {
    const draft = (id: string, project: string | null, owner: string | null) =>
      insert('drafts', { id, project_id: project, owner, body: 'x' })
    expect(await ann.push([draft('1', '1', 'ann')])).toBe('applied')
    expect(await told(ann, [draft('2', '1', 'bob')])).toMatchObject([
      'rejected',
      'forbidden',
      { scope: 'own' },
    ])
    expect(await told(ann, [draft('2', '9', 'ann')])).toMatchObject([
      'rejected',
      'forbidden',
      { scope: 'project' },
    ])
    expect(await ann.push([draft('2', '1', null)])).toBe('forbidden')
    expect(await ann.push([draft('2', null, 'ann')])).toBe('forbidden')
    expect(await ann.push([update('drafts', { id: '1' }, { owner: ['ann', null] })])).toBe('forbidden')
    expect(await bob.push([update('drafts', { id: '1' }, { body: ['x', 'y'] })])).toBe('row_missing')
    await world.run(`INSERT INTO drafts VALUES (3, 2, 'ann', 'x')`)
    expect(await told(bob, [update('drafts', { id: '3' }, { body: ['x', 'y'] })])).toEqual([
      'rejected',
      'forbidden',
      { table: 'drafts', key: ['3'], scope: 'own' },
    ])
    expect(await ann.push([update('drafts', { id: '3' }, { body: ['x', 'y'] })])).toBe('applied')
  })

  test('[P4.12] whoever is signed in writes the rows of a shared scope, as far as authorize lets them', async () => {
    const rename = update('products', { id: 'p' }, { name: ['pen', 'pencil'] })
    expect(await ann.push([insert('products', { id: 'p', name: 'pen' })])).toBe('applied')
    expect(await world.client('stranger').push([rename])).toBe('applied')
    expect(await world.value('SELECT name FROM products')).toBe('pencil')
    world.context.authorize = { products: ({ userId }) => userId === 'ann' || 'ask ann' }
    expect(await told(bob, [remove('products', { id: 'p' })])).toMatchObject([
      'rejected',
      'forbidden',
      { table: 'products', reason: 'ask ann' },
    ])
    expect(await ann.push([remove('products', { id: 'p' })])).toBe('applied')
    expect(
      await world.value(
        `SELECT string_agg(DISTINCT scope, ' ') FROM landfall.changes WHERE tbl = 'products'`,
      ),
    ).toBe('everyone:')
  })

  test('[P4.12] beside another scope in a list, the shared one gives no right by itself', async () => {
    const label = (id: string, owner: string) => insert('labels', { id, owner, name: 'x' })
    expect(await ann.push([label('a', 'ann')])).toBe('applied')
    expect(await told(ann, [label('b', 'bob')])).toMatchObject(['rejected', 'forbidden', { scope: 'own' }])
    expect(await bob.push([update('labels', { id: 'a' }, { name: ['x', 'y'] })])).toBe('forbidden')
  })

  test('[P4.7] a deleted row that one might only read takes no value of theirs', async () => {
    await world.run('DELETE FROM notes WHERE id = 9')
    expect(await ann.push([update('notes', { id: '9' }, { body: ['of nine', 'mine'] })])).toBe('row_missing')
    expect(await count('landfall.conflicts')).toBe('0')
  })

  test('[P4.9] a project with its first member and rows lands in one transaction', async () => {
    const seen: AuthorizeChange[] = []
    const rule = (change: AuthorizeChange) => seen.push(change) > 0
    world.context.authorize = { projects: rule, members: rule, notes: rule }
    expect(
      await ann.pushAll([
        [
          insert('projects', { id: '7', name: 'seven' }),
          member('7', 'ann'),
          member('7', 'bob'),
          note('7', '7'),
        ],
        [note('8', '7')],
        [note('10', '1')],
      ]),
    ).toEqual(['applied', 'applied', 'applied'])
    expect(seen.map(({ after, newScope }) => [after?.['project_id'] ?? after?.['id'], newScope])).toEqual([
      ['7', true],
      ['7', true],
      ['7', true],
      ['7', true],
      ['7', false],
      ['1', false],
    ])
    expect(await bob.push([note('11', '7')])).toBe('applied')
  })

  test('[P4.9] an order and its lines land in one transaction, many at once', async () => {
    const order = (id: string, customer: string) => [
      insert('orders', { id, customer }),
      insert('lines', { id: `${id}-1`, order_id: id }),
      insert('lines', { id: `${id}-2`, order_id: id }),
    ]
    expect(await ann.push(order('a', 'ann'))).toBe('applied')
    const many = Array.from({ length: 100 }, (_, i) => order(`m${i}`, 'ann')).flat()
    expect(await ann.push(many)).toBe('applied')
    expect(await ann.pushAll([order('b', 'ann'), order('c', 'bob'), order('d', 'ann')])).toEqual([
      'applied',
      'forbidden',
      'applied',
    ])
    expect(await bob.push([insert('lines', { id: 'x', order_id: 'a' })])).toBe('forbidden')
    expect(await count('lines')).toBe('206')
  })

  test('[P4.9] nobody plants rows under a new key that somebody else holds', async () => {
    expect(await ann.push([insert('settings', { user_id: 'zoe', value: 'planted' })])).toBe('forbidden')
    expect(await ann.push([insert('settings', { user_id: 'ann', value: 'mine' })])).toBe('applied')
    expect(await told(ann, [insert('projects', { id: '7' }), member('7', 'zoe')])).toMatchObject([
      'rejected',
      'forbidden',
      { scope: 'project' },
    ])
    expect(await count('settings')).toBe('1')
    expect(await count('projects')).toBe('3')
  })

  test('[P4.9] rights are those before the transaction: who lets himself in by its rows writes nothing', async () => {
    const own = insert('settings', { user_id: 'ann', value: 'x' })
    expect(await ann.push([own, member('9', 'ann')])).toBe('forbidden')
    expect(
      await ann.push([member('9', 'ann'), update('notes', { id: '9' }, { body: ['of nine', 'x'] })]),
    ).toBe('forbidden')
    // Leaving and writing are one transaction: she held the project before it.
    const left = [
      remove('members', { project_id: '1', user_id: 'ann' }),
      update('notes', { id: '1' }, { body: ['of one', 'farewell'] }),
    ]
    expect(await ann.push(left)).toBe('applied')
    expect(await ann.push([update('notes', { id: '1' }, { body: ['farewell', 'x'] })])).toBe('forbidden')
  })

  test('[P4.9] a key that was there before is not new: a deleted project is not made again by strangers', async () => {
    await world.run(`INSERT INTO landfall.conflicts
      (id, scopes, tbl, key, col, policy, kept, theirs, client, number, user_id, hlc)
      VALUES ('c', '{project:8}', 'notes', '{8}', 'body', 'review', 'theirs', 'secret', 'x', 1, 'cat', 1)`)
    await world.run('DELETE FROM notes WHERE id = 9')
    await world.run('DELETE FROM projects WHERE id = 9')
    for (const id of ['9', '8']) {
      expect(await ann.push([insert('projects', { id }), member(id, 'ann')])).toBe('forbidden')
    }
    await world.run('DELETE FROM landfall.conflicts')
    expect(await ann.push([insert('projects', { id: '8' }), member('8', 'ann')])).toBe('applied')
    // A row of the key in any table of the scope is enough.
    await world.run(`INSERT INTO notes (id, project_id) VALUES (60, 6)`)
    await world.run(`DELETE FROM landfall.changes`)
    expect(await ann.push([insert('projects', { id: '6' }), member('6', 'ann')])).toBe('forbidden')
    expect(await members()).toBe('1ann 2ann 2bob 8ann')
  })

  test('[P4.11] a key that the client spells otherwise is the same key', async () => {
    expect(await ann.push([note('5', '01', 'ann')])).toBe('applied')
    expect(await ann.push([insert('projects', { id: '+07' }), member('007', 'ann'), note('6', ' 7')])).toBe(
      'applied',
    )
    expect(await members()).toContain('7ann')
  })
}

const NAMES: { [id: string]: string } = { '1': 'one', '2': 'two', '9': 'nine' }
