/** Who may push what; `push-postgres.test.ts` and `push-pglite.test.ts` run all of it. */
import { userId } from '@landfall/protocol'
import { beforeEach, expect, test } from 'vitest'
import type { AuthorizeChange } from '../src/context.ts'
import { handlePush } from '../src/push/push.ts'
import {
  currentHistory,
  insert,
  type PushingClient,
  type PushWorld,
  remove,
  update,
} from './support/push-world.ts'

export function pushRightsContract(open: () => PushWorld): void {
  let world: PushWorld
  let ann: PushingClient

  beforeEach(async () => {
    world = open()
    world.context.authorize = {}
    await world.refill()
    ann = world.client('ann')
    await world.run(
      `INSERT INTO items (id, project_id, title, slug) VALUES (1, 1, 'ours', 's'), (3, 3, 'cat', 'k')`,
    )
  })

  const title = (id: string, from: string, to: string) => [update('items', { id }, { title: [from, to] })]
  const items = () =>
    world.value(`SELECT string_agg(concat_ws(' ', id, project_id, title), ', ' ORDER BY id) FROM items`)

  test('[P4.1] a row in a scope of others is answered like one that does not exist', async () => {
    const unseen = await ann.send([
      ann.make(title('3', 'cat', 'x')),
      ann.make([remove('items', { id: '3' })]),
    ])
    const absent = await ann.send([
      ann.make(title('9', 'cat', 'x')),
      ann.make([remove('items', { id: '9' })]),
    ])
    const told = (verdicts: typeof unseen.verdicts) =>
      verdicts.map(({ outcome, error }) => [outcome, error?.code, Object.keys(error?.details ?? {})])
    expect(told(unseen.verdicts)).toEqual(told(absent.verdicts))
    expect(told(unseen.verdicts)).toEqual([
      ['rejected', 'row_missing', ['table', 'key']],
      ['applied', undefined, []],
    ])
    expect(await items()).toBe('1 1 ours, 3 3 cat')
  })

  test('[P4.1] a deleted row of others is not told apart from one that never was', async () => {
    await world.run('DELETE FROM items WHERE id = 3')
    expect(await ann.push(title('3', 'cat', 'x'))).toBe('row_missing')
    expect(await world.value('SELECT count(*) FROM landfall.conflicts')).toBe('0')
  })

  test('[P4.1] nothing is inserted into, moved into or taken out of a scope of others', async () => {
    const move = (id: string, from: string | null, to: string | null) => [
      update('items', { id }, { project_id: [from, to] }),
    ]
    expect(await ann.push([insert('items', { id: '4', project_id: '3' })])).toBe('forbidden')
    expect(await ann.push([insert('items', { id: '4' })])).toBe('forbidden')
    expect(await ann.push(move('1', '1', '3'))).toBe('forbidden')
    expect(await ann.push(move('1', '1', null))).toBe('forbidden')
    expect(await ann.push(move('3', '3', '1'))).toBe('row_missing')
    expect(await items()).toBe('1 1 ours, 3 3 cat')
    expect(await ann.push(move('1', '1', '2'))).toBe('applied')
  })

  test('[P4.1] a conflicting move is judged by where the row is and where it goes', async () => {
    await world.run('UPDATE items SET project_id = 2 WHERE id = 1')
    expect(
      await ann.push([update('items', { id: '1' }, { project_id: ['1', '3'] })], Date.now() + 1000),
    ).toBe('forbidden')
    await world.run('UPDATE items SET project_id = 3 WHERE id = 1')
    expect(
      await ann.push([update('items', { id: '1' }, { project_id: ['2', '1'] })], Date.now() + 1000),
    ).toBe('row_missing')
  })

  test('[P4.1] a taken value in a scope of others is not betrayed by a constraint', async () => {
    expect(await ann.push([insert('items', { id: '4', project_id: '3', slug: 'k' })])).toBe('forbidden')
    expect(await ann.push([insert('items', { id: '4', project_id: '3', slug: 'free' })])).toBe('forbidden')
    expect(await ann.push([update('items', { id: '1' }, { project_id: ['1', '3'], slug: ['s', 'k'] })])).toBe(
      'forbidden',
    )
  })

  test('[P4.1] an insert over a row of others changes nothing and says only that the key is taken', async () => {
    const { verdicts } = await ann.send([
      ann.make([insert('items', { id: '3', project_id: '1', title: 'mine' })]),
    ])
    expect(verdicts[0]?.error).toMatchObject({
      code: 'unique_violation',
      details: { table: 'items', key: ['3'] },
    })
    expect(JSON.stringify(verdicts)).not.toContain('cat')
    expect(await items()).toBe('1 1 ours, 3 3 cat')
  })

  test('[P4.1] a trigger that moves the row to a scope of others is noticed', async () => {
    await world.run(`CREATE OR REPLACE FUNCTION hijack() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN NEW.project_id := 3; RETURN NEW; END $$`)
    await world.run(
      'CREATE TRIGGER hijack BEFORE INSERT OR UPDATE ON items FOR EACH ROW EXECUTE FUNCTION hijack()',
    )
    try {
      expect(await ann.push([insert('items', { id: '4', project_id: '1' })])).toBe('forbidden')
      expect(await ann.push(title('1', 'ours', 'x'))).toBe('forbidden')
    } finally {
      await world.run('DROP TRIGGER hijack ON items')
    }
  })

  test('[P4.1] what follows a change of membership in the same push is judged after it', async () => {
    const told = await ann.pushAll([
      [insert('projects', { id: '7', name: 'seven', owner: 'ann' })],
      [insert('items', { id: '7', project_id: '7' })],
      [remove('members', { project_id: '1', user_id: 'ann' })],
      title('1', 'ours', 'after leaving'),
      [insert('members', { project_id: '1', user_id: 'ann' })],
    ])
    expect(told).toEqual(['applied', 'forbidden', 'applied', 'row_missing', 'forbidden'])
    await world.run(`INSERT INTO members VALUES (7, 'ann')`)
    expect(await ann.push([insert('items', { id: '7', project_id: '7' })])).toBe('applied')
  })

  test('[P4.1] a client belongs to the user of its first push', async () => {
    await ann.push(title('1', 'ours', 'a'))
    const history = await currentHistory(world.context)
    const request = {
      client: ann.id,
      history,
      moved: ann.moved,
      changesets: [ann.make(title('1', 'a', 'b'))],
    }
    await expect(handlePush(world.context, request, userId('bob'))).rejects.toMatchObject({
      code: 'client_taken',
    })
    expect(await items()).toBe('1 1 a, 3 3 cat')
  })

  test('[P11] a push from a history that is not this one is refused and changes nothing', async () => {
    const history = (await currentHistory(world.context)).replace(/^[^/]*/, 'another')
    const request = {
      client: ann.id,
      history,
      moved: ann.moved,
      changesets: [ann.make(title('1', 'ours', 'x'))],
    }
    const push = handlePush(world.context, request as typeof request & { history: never }, userId('ann'))
    await expect(push).rejects.toMatchObject({ code: 'history_lost' })
    expect(await items()).toBe('1 1 ours, 3 3 cat')
    expect(await world.value(`SELECT count(*) FROM landfall.clients WHERE client = '${ann.id}'`)).toBe('0')
  })

  test('[P4.5] authorize sees each row before and after, as texts by column name, and its reason is passed on', async () => {
    const seen: AuthorizeChange[] = []
    world.context.authorize['items'] = (change) => {
      seen.push(change)
      return change.after?.['title'] === 'bad' ? 'no such titles' : true
    }
    const { verdicts } = await ann.send([
      ann.make([insert('items', { id: '4', project_id: '1', high: '1.50' })]),
      ann.make(title('1', 'ours', 'bad')),
      ann.make(title('1', 'ours', 'good')),
      ann.make([remove('items', { id: '4' })]),
    ])
    expect(verdicts.map(({ outcome }) => outcome)).toEqual(['applied', 'rejected', 'applied', 'applied'])
    expect(verdicts[1]?.error).toMatchObject({
      code: 'forbidden',
      details: { table: 'items', key: ['1'], reason: 'no such titles' },
    })
    const good = seen.find(({ after }) => after?.['title'] === 'good')
    expect(good).toMatchObject({ userId: 'ann', operation: 'update', before: { title: 'ours', slug: 's' } })
    const inserted = seen.find(({ operation }) => operation === 'insert')
    expect(inserted).toMatchObject({ before: null, after: { id: '4', title: 'untitled', high: '1.50' } })
    expect(inserted?.after).not.toHaveProperty('secret')
    expect(seen.at(-1)).toMatchObject({ operation: 'delete', before: { id: '4' }, after: null })
  })

  test('[P4.5] authorize that throws is a no, and no conflict record passes by it', async () => {
    world.context.authorize['items'] = () => {
      throw new Error('broken')
    }
    await world.run(`UPDATE items SET status = 'theirs', title = 'changed' WHERE id = 1`)
    expect(await ann.push([update('items', { id: '1' }, { status: [null, 'mine'] })])).toBe('forbidden')
    expect(await ann.push([remove('items', { id: '1' }, { title: 'ours' })])).toBe('forbidden')
    expect(await world.value('SELECT count(*) FROM landfall.conflicts')).toBe('0')
    expect(await items()).toBe('1 1 changed, 3 3 cat')
  })
}
