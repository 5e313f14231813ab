/** What the server has deferred moves behind everything else, and stays shown. */
import { changesetNumber, type Deferral, type ErrorData } from '@landfall/protocol'
import { beforeEach, expect, test } from 'vitest'
import { manifest } from './support/schema.ts'
import { columns, NO_LIMIT, openWorld, patch, pull, scope, type World } from './support/store.ts'

let world: World

beforeEach(async () => {
  world = await openWorld(manifest)
  world.store.applyPull(pull({ gained: [scope('project:p')] as never }))
  const rows = columns([
    ['1', 'p', 'x', '0', null],
    ['2', 'p', 'y', '0', null],
  ])
  world.store.applyPage(scope('project:p'), { blocks: [{ table: 'notes', rows }], next: null })
  world.store.applyPull(pull())
})

const failed: ErrorData = { code: 'database_failed', message: 'failed', details: {} }
const waits: ErrorData = { code: 'waits_for_earlier', message: 'waits', details: {} }
const deferral = (number: number, error = failed, tries = 1): Deferral => ({
  number: changesetNumber(number),
  error,
  tries,
})
const outbox = () => world.store.readOutbox(NO_LIMIT)
const numbers = () => outbox().map(({ number }) => number)
const titles = () => world.rows('SELECT id, title FROM notes ORDER BY id')
const applied = (acknowledged: number, deferrals: Deferral[] = [], rest = {}) =>
  world.store.applyPull(pull({ acknowledged: changesetNumber(acknowledged), deferrals, ...rest }))

test('[P8.8] a deferred changeset and those of the same rows get new numbers in their order, and stay shown', () => {
  world.write("UPDATE notes SET title = 'a' WHERE id = 1") // 1: deferred
  world.write("UPDATE notes SET title = 'b' WHERE id = 2") // 2: applied
  world.write("UPDATE notes SET title = 'c' WHERE id = 1") // 3: deferred with it
  world.write("UPDATE notes SET title = 'd' WHERE id = 1") // 4: on its way
  world.write("UPDATE notes SET title = 'e' WHERE id = 2") // 5: of another row
  applied(3, [deferral(1), deferral(3, waits, 0)])
  expect(numbers()).toEqual([5, 6, 7, 8])
  const values = outbox().map(({ changes }) => changes[0]?.new[0]?.[0])
  expect(values).toEqual(['e', 'a', 'c', 'd'])
  expect(titles()).toEqual([
    [1, 'd'],
    [2, 'e'],
  ])
  world.write("UPDATE notes SET title = 'f' WHERE id = 2")
  expect(numbers()).toEqual([5, 6, 7, 8, 9])
})

test('[P8.8] what the server has of the rows is shown once the moved changesets have had their verdicts', () => {
  world.write("UPDATE notes SET title = 'a' WHERE id = 1")
  applied(1, [deferral(1)])
  // Their number is behind what is acknowledged next, and others' work comes meanwhile.
  world.write("UPDATE notes SET title = 'b' WHERE id = 2")
  applied(1, [], { tables: [patch('notes', { rows: columns([['1', 'p', 'theirs', '0', null]]) })] })
  expect(titles()).toEqual([
    [1, 'a'],
    [2, 'b'],
  ])
  applied(2, [], { rejections: [{ number: changesetNumber(2), error: failed }] })
  expect(titles()).toEqual([
    [1, 'theirs'],
    [2, 'b'],
  ])
  expect(world.rows('SELECT number FROM landfall_rejections')).toEqual([[2]])
})

test('[P8.8] what refers to a row that a deferred changeset inserts moves with it', () => {
  world.write("INSERT INTO notes (id, project, title) VALUES (77, 'p', 'parent')")
  world.write("INSERT INTO notes (id, project, title) VALUES (3, 'p', '77')")
  world.write("INSERT INTO notes (id, project, title) VALUES (4, 'p', '78')")
  applied(1, [deferral(1)])
  expect(numbers()).toEqual([3, 4, 5])
  expect(outbox().map(({ changes }) => changes[0]?.keys[0]?.[0])).toEqual(['4', '77', '3'])
})

test('[P8.8] until its time has come it waits, and then says how often it was tried', () => {
  world.write("UPDATE notes SET title = 'a' WHERE id = 1")
  applied(1, [deferral(1, failed, 3)])
  expect(outbox()).toMatchObject([{ number: 2, tries: 3, waits: true }])
  expect(world.store.outboxDueMs()).toBe(4_000)
  // Numbered anew without having been tried: reason and time stay.
  applied(2, [deferral(2, waits, 3)])
  expect(outbox()).toMatchObject([{ number: 3, tries: 3, waits: true }])
  expect(world.rows('SELECT reason FROM landfall_outbox')).toEqual([[JSON.stringify(failed)]])
  world.write("UPDATE notes SET title = 'b' WHERE id = 2")
  expect(world.store.outboxDueMs()).toBe(0)
})

test('[P8.8] a repeated answer moves nothing twice', () => {
  world.write("UPDATE notes SET title = 'a' WHERE id = 1")
  applied(1, [deferral(1)])
  applied(1, [deferral(1)])
  expect(numbers()).toEqual([2])
})
