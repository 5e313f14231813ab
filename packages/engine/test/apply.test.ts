/** Applying pulls and pages: atomically, scope by scope, and after starting over. */
import {
  changesetNumber,
  encodeHlc,
  hlcFromTime,
  userId,
  type ConflictRecord,
  clientId,
} from '@landfall/protocol'
import { beforeEach, describe, expect, test } from 'vitest'
import { manifest } from './support/schema.ts'
import { codeOf, columns, NO_LIMIT, openWorld, patch, pull, scope, type World } from './support/store.ts'

let world: World

beforeEach(async () => {
  world = await openWorld(manifest)
})

const [P, Q, OWN, PUBLIC] = ['project:p', 'project:q', 'own:alice', 'public:'].map(scope)
const noteRow = (id: string, project: string, title: string | null = null) => [id, project, title, '0', null]
const notes = (...rows: (string | null)[][]) => patch('notes', { rows: columns(rows) })
const titles = () => world.rows('SELECT id, title FROM notes ORDER BY id')
const ids = () => world.rows('SELECT id FROM notes ORDER BY id').flat()

/** First pull, one page, the pull that makes it exact. */
function load(scopes: (typeof P)[], rows: (string | null)[][]): void {
  world.store.applyPull(pull({ gained: scopes as never }))
  for (const held of scopes) {
    if (held === undefined) continue
    const mine = rows.filter((row) => `project:${row[1]}` === held)
    world.store.applyPage(held, { blocks: [{ table: 'notes', rows: columns(mine) }], next: null })
  }
  world.store.applyPull(pull())
}

describe('a pull', () => {
  test('[P5.1] a pull is applied whole: rows, cursor, clock, user', () => {
    const response = pull({
      user: userId('alice'),
      hlc: encodeHlc(hlcFromTime(Date.UTC(2030, 0, 1))),
      tables: [notes(noteRow('1', 'p', 'x'))],
    })
    expect([...world.store.applyPull(response)]).toEqual(['notes'])
    expect(world.store.syncState()).toMatchObject({ cursor: response.cursor, user: 'alice' })
    expect(titles()).toEqual([[1, 'x']])
    expect(world.store.outboxCount()).toBe(0)
    world.write("UPDATE notes SET title = 'mine'")
    const [mine] = world.store.readOutbox(NO_LIMIT)
    expect(BigInt(mine?.hlc ?? 0) > BigInt(response.hlc)).toBe(true)
  })

  test('[P5.1] a pull that fails half-way changes nothing', () => {
    load([P], [noteRow('1', 'p', 'x')])
    const before = world.store.syncState()
    const broken = [
      notes(noteRow('2', 'p')),
      patch('notes', { rows: columns([['3', 'p', null, null, null]]) }),
    ]
    expect(codeOf(() => world.store.applyPull(pull({ tables: broken })))).toBe('constraint_failed')
    expect(codeOf(() => world.store.applyPull(pull({ tables: [patch('unknown', {})] })))).toBe(
      'response_invalid',
    )
    expect(codeOf(() => world.store.applyPull(pull({ tables: [patch('notes', { rows: [['1']] })] })))).toBe(
      'response_invalid',
    )
    expect(world.store.syncState()).toEqual(before)
    expect(ids()).toEqual([1])
    expect(world.write("INSERT INTO notes (id, project) VALUES (5, 'p')")).toBe(1)
  })

  test('[P11] a pull of another user is refused and changes nothing', () => {
    load([P], [noteRow('1', 'p')])
    const response = pull({ user: userId('bob'), tables: [notes(noteRow('2', 'p'))] })
    expect(codeOf(() => world.store.applyPull(response))).toBe('user_changed')
    expect(ids()).toEqual([1])
    expect(world.store.syncState().user).toBe('alice')
  })

  test('[P3] a pull replaces rows, removes rows and empties a truncated table, with composite keys too', () => {
    const link = (a: string, b: string, weight: string | null) => [a, b, 'p', weight]
    const links = (parts: object) => pull({ tables: [patch('links', parts)] })
    world.store.applyPull(
      links({ rows: columns([link('1', 'x', '1'), link('2', 'x', '-0'), link('2', 'y', null)]) }),
    )
    world.store.applyPull(links({ rows: columns([link('1', 'x', '5')]), removed: [['x'], ['2']] }))
    expect(world.rows('SELECT a, b, weight FROM links ORDER BY a')).toEqual([
      [1, 'x', 5],
      [2, 'y', null],
    ])
    world.store.applyPull(links({ truncated: true, rows: columns([link('9', 'z', 'NaN')]) }))
    expect(world.rows('SELECT a, b, weight FROM links')).toEqual([[9, 'z', 'NaN']])
  })

  test('[P7] a pull keeps rejections in order and drops changesets that have a verdict', () => {
    for (let i = 1; i <= 3; i++) world.write(`INSERT INTO notes (id, project) VALUES (${i}, 'p')`)
    const error = { code: 'row_missing', message: 'm', details: { table: 'notes' } } as const
    world.store.applyPull(
      pull({
        acknowledged: changesetNumber(2),
        rejections: [{ number: changesetNumber(1), error }],
        tables: [notes(noteRow('2', 'p'))],
      }),
    )
    expect(world.store.readOutbox(NO_LIMIT).map(({ number }) => number)).toEqual([3])
    expect(world.store.rejections()).toMatchObject([{ error, label: null, changes: [{ keys: [['1']] }] }])
    expect(ids()).toEqual([2, 3])
    expect(world.store.syncState().acknowledged).toBe(2)
  })

  test('[P7.1] a conflict is kept once, until it is discarded', () => {
    const conflict: ConflictRecord = {
      id: 'c1',
      table: 'notes',
      key: ['1'],
      column: 'title',
      policy: 'review',
      kept: 'theirs',
      base: 'a',
      mine: 'b',
      theirs: null,
      client: clientId('x'),
      number: changesetNumber(4),
      user: userId('alice'),
      hlc: encodeHlc(hlcFromTime(1000)),
    }
    world.store.applyPull(pull({ conflicts: [conflict] }))
    world.store.applyPull(pull({ conflicts: [conflict] }))
    expect(world.store.conflicts()).toEqual([{ ...conflict, at: 1000 }])
    world.store.discardConflict('c1')
    expect(world.store.conflicts()).toEqual([])
    expect(codeOf(() => world.store.discardConflict('c1'))).toBe('not_found')
  })
})

describe('scopes', () => {
  test('[P4.2] a scope is loading until a pull has followed its last page', () => {
    world.store.applyPull(pull({ gained: [scope('project:p')] }))
    const next = { table: 'notes', after: ['1'] }
    const page = (id: string) => [{ table: 'notes', rows: columns([noteRow(id, 'p')]) }]
    world.store.applyPage(scope('project:p'), { blocks: page('1'), next })
    expect(world.store.syncState().scopes).toEqual([
      { scope: P, ready: false, loaded: false, position: next },
    ])
    world.store.applyPull(pull())
    world.store.applyPage(scope('project:p'), { blocks: page('2'), next: null })
    expect(world.store.syncState().scopes).toEqual([{ scope: P, ready: false, loaded: true, position: null }])
    world.store.applyPull(pull())
    expect(world.store.syncState().scopes).toEqual([{ scope: P, ready: true, loaded: true, position: null }])
    expect(ids()).toEqual([1, 2])
  })

  test('[P4.2] a lost scope’s rows go, unless another held scope covers them', () => {
    load([P, Q], [noteRow('1', 'p'), noteRow('2', 'q')])
    const id = (n: number) => `00000000-0000-4000-8000-00000000000${n}`
    const unset = [null, null, 'false', null, null, null]
    const row = (n: number, project: string, owner: string | null) => [
      id(n),
      project,
      owner,
      ...unset,
      '2026-01-01 00:00:00+00',
    ]
    world.store.applyPull(
      pull({
        gained: [scope('own:alice')],
        tables: [
          patch('exact', { rows: columns([row(1, 'p', 'alice'), row(2, 'p', 'bob'), row(3, 'p', null)]) }),
        ],
      }),
    )
    const touched = world.store.applyPull(pull({ lost: [scope('project:p')] }))
    expect([...touched].sort()).toEqual(['exact', 'notes'])
    expect(ids()).toEqual([2])
    expect(world.rows('SELECT id FROM exact')).toEqual([[id(1)]])
    expect(world.store.syncState().scopes.map((held) => held.scope)).toEqual([OWN, Q])
  })

  test('[P7.9] changesets after a rejected one have seen the last value that stood', () => {
    load([P], [noteRow('1', 'p', 'a'), noteRow('2', 'p', 'a')])
    world.write("UPDATE notes SET title = 'b', votes = 1 WHERE id = 1")
    world.write("UPDATE notes SET title = 'c' WHERE id = 1")
    world.write(
      "UPDATE notes SET title = 'd', votes = 3 WHERE id = 1",
      "UPDATE notes SET title = 'x' WHERE id = 2",
    )
    world.write('DELETE FROM notes WHERE id = 1')
    const rejected = { code: 'check_violation' as const, message: 'no', details: {} }
    const rejections = [{ number: changesetNumber(1), error: rejected }]
    world.store.applyPull(pull({ acknowledged: changesetNumber(1), rejections }))
    const olds = world.store
      .readOutbox(NO_LIMIT)
      .map(({ changes }) =>
        changes.map(({ keys, columns: names, old }) => [keys[0], names, old.map(([value]) => value)]),
      )
    expect(olds).toEqual([
      [[['1'], ['title'], ['a']]],
      [
        [['1'], ['title', 'votes'], ['c', '0']],
        [['2'], ['title'], ['a']],
      ],
      [[['1'], ['id', 'project', 'title', 'votes', 'body'], ['1', 'p', 'd', '3', null]]],
    ])
    expect(world.rows('SELECT bytes = octet_length(changes) FROM landfall_outbox').flat()).toEqual([1, 1, 1])
  })

  test('[P4.2] a row with unsent changes goes with its verdict, and its change becomes a rejection', () => {
    load([P], [noteRow('1', 'p'), noteRow('2', 'p')])
    world.write("UPDATE notes SET title = 'mine' WHERE id = 1")
    world.store.applyPull(pull({ lost: [scope('project:p')] }))
    expect(titles()).toEqual([[1, 'mine']])
    const error = { code: 'scope_not_held', message: 'm', details: {} } as const
    const rejections = [{ number: changesetNumber(1), error }]
    world.store.applyPull(pull({ acknowledged: changesetNumber(1), rejections }))
    expect(titles()).toEqual([])
    expect(world.store.rejections()).toMatchObject([{ changes: [{ new: [['mine']] }] }])
  })

  test('[P4.2] a scope without a column covers the whole table', () => {
    const rows = columns([
      ['at', 'Austria'],
      ['ch', 'Switzerland'],
    ])
    world.store.applyPull(pull({ gained: [scope('public:')], tables: [patch('countries', { rows })] }))
    world.store.applyPull(pull({ lost: [scope('project:p')] }))
    expect(world.rows('SELECT count(*) FROM countries')).toEqual([[2]])
    world.store.applyPull(pull({ lost: [scope('public:')] }))
    expect(world.rows('SELECT count(*) FROM countries')).toEqual([[0]])
    expect(PUBLIC).toBe('public:')
  })

  test('[P4.2] a page of a scope lost meanwhile brings no rows', () => {
    load([P], [noteRow('1', 'p')])
    world.store.applyPull(pull({ lost: [scope('project:p')] }))
    const blocks = [{ table: 'notes', rows: columns([noteRow('1', 'p')]) }]
    expect(world.store.applyPage(scope('project:p'), { blocks, next: null }).size).toBe(0)
    expect(ids()).toEqual([])
  })
})

describe('a refusal', () => {
  const error = { code: 'too_large', message: 'm', details: { limit: 2 } } as const
  const refuse = (number: number) => world.store.refuse({ number: changesetNumber(number), error })

  test('[P8.6] a refusal sets the first changeset aside and shows the base again, below later changes', () => {
    load([P], [noteRow('1', 'p', 'theirs')])
    world.write(
      "UPDATE notes SET title = 'refused', body = 'refused'",
      "INSERT INTO notes (id, project) VALUES (2, 'p')",
    )
    world.write("UPDATE notes SET title = 'mine' WHERE id = 1")
    expect([...refuse(1)]).toEqual(['notes'])
    expect(world.rows('SELECT id, title, body FROM notes')).toEqual([[1, 'mine', null]])
    expect(world.store.rejections()).toMatchObject([{ error, label: null }])
    expect(world.store.readOutbox(NO_LIMIT).map(({ number }) => number)).toEqual([2])
    world.store.applyPull(pull()) // the server's number is behind until the next changeset lands
    expect(world.store.syncState().acknowledged).toBe(1)
  })

  test('[P2] a refusal changes nothing once a pull has brought the changeset’s verdict', () => {
    load([P], [noteRow('1', 'p', 'theirs')])
    world.write("UPDATE notes SET title = 'mine'")
    const taken = pull({ acknowledged: changesetNumber(1), tables: [notes(noteRow('1', 'p', 'mine'))] })
    world.store.applyPull(taken)
    expect(refuse(1).size).toBe(0)
    expect(world.store.rejections()).toEqual([])
    expect(titles()).toEqual([[1, 'mine']])
  })
})

describe('starting over', () => {
  const page = (held: string, rows: (string | null)[][]) =>
    world.store.applyPage(scope(held), { blocks: [{ table: 'notes', rows: columns(rows) }], next: null })

  beforeEach(() => {
    load([P, Q], [noteRow('1', 'p'), noteRow('2', 'p'), noteRow('3', 'q'), noteRow('4', 'q')])
    world.write("UPDATE notes SET title = 'mine' WHERE id IN (2, 4)")
    world.store.loadAgain()
  })

  test('[P11] rows stay readable and the outbox stays while everything is loaded again', () => {
    expect(world.store.syncState()).toMatchObject({
      cursor: null,
      scopes: [
        { scope: P, ready: false, position: null },
        { scope: Q, ready: false, position: null },
      ],
    })
    expect(ids()).toEqual([1, 2, 3, 4])
    expect(world.store.outboxCount()).toBe(1)
  })

  test('[P11] a scope that is ready again drops the rows that did not come, but no unsent change', () => {
    world.store.applyPull(pull({ gained: [scope('project:p'), scope('project:q')] }))
    page('project:p', [noteRow('7', 'p')])
    world.store.applyPull(pull())
    expect(ids()).toEqual([2, 3, 4, 7])
    page('project:q', [noteRow('3', 'q', 'new')])
    world.store.applyPull(pull())
    expect(titles()).toEqual([
      [2, 'mine'],
      [3, 'new'],
      [4, 'mine'],
      [7, null],
    ])
    expect(world.rows('SELECT * FROM landfall_seen_notes')).toEqual([])
    world.store.applyPull(
      pull({ acknowledged: changesetNumber(1), tables: [notes(noteRow('4', 'q', 'mine'))] }),
    )
    expect(ids()).toEqual([3, 4, 7])
  })

  test('[P11] rows that a pull brings count as seen, and rows that it removes go', () => {
    world.store.applyPull(pull({ gained: [scope('project:p'), scope('project:q')] }))
    page('project:p', [noteRow('1', 'p'), noteRow('2', 'p')])
    world.store.applyPull(
      pull({ tables: [patch('notes', { rows: columns([noteRow('8', 'p')]), removed: [['1']] })] }),
    )
    page('project:q', [noteRow('3', 'q'), noteRow('4', 'q')])
    world.store.applyPull(pull())
    expect(ids()).toEqual([2, 3, 4, 8])
  })

  test('[P4.2] scopes that the first pull does not name are lost', () => {
    world.store.applyPull(pull({ gained: [scope('project:q')] }))
    expect(ids()).toEqual([2, 3, 4])
    expect(world.store.syncState().scopes.map((held) => held.scope)).toEqual([Q])
  })

  test('[P8.6] a changeset refused while everything is loaded again is undone once all is loaded', () => {
    world.store.applyPull(pull({ gained: [scope('project:p'), scope('project:q')] }))
    page('project:p', [noteRow('1', 'p')])
    const error = { code: 'too_large', message: 'm', details: {} } as const
    world.store.refuse({ number: changesetNumber(1), error })
    expect(world.store.outboxCount()).toBe(0)
    expect(titles()).toContainEqual([4, 'mine'])
    page('project:q', [noteRow('4', 'q', 'theirs')])
    world.store.applyPull(pull())
    expect(titles()).toEqual([
      [1, null],
      [4, 'theirs'],
    ])
  })

  test('[P11] a history lost in the middle of loading begins the loading again', () => {
    world.store.applyPull(pull({ gained: [scope('project:p'), scope('project:q')] }))
    page('project:p', [noteRow('1', 'p')])
    world.store.loadAgain()
    world.store.applyPull(pull({ gained: [scope('project:p'), scope('project:q')] }))
    page('project:p', [noteRow('9', 'p')])
    page('project:q', [])
    world.store.applyPull(pull())
    expect(ids()).toEqual([2, 4, 9])
  })
})
