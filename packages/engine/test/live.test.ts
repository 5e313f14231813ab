/** Live queries: what is run again, what is told, and how the patch names the rows that stayed. */
import { LandfallError } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import fc from 'fast-check'
import { beforeEach, expect, test } from 'vitest'
import type { EngineEvent, LivePatch } from '../src/api.ts'
import { diffRows } from '../src/live/live-diff.ts'
import { createLiveQueries, type LiveQueries } from '../src/live/live-queries.ts'
import type { SqliteDriver } from '../src/ports.ts'
import { manifest } from './support/schema.ts'
import { codeOf, openWorld, type World } from './support/store.ts'

let world: World
let live: LiveQueries
let events: EngineEvent[]

beforeEach(async () => {
  world = await openWorld(manifest)
  events = []
  live = createLiveQueries(world.driver, (event) => events.push(event))
})

/** Writes and flushes as the engine does; returns what was told. */
function write(sql: string): EngineEvent[] {
  events.length = 0
  world.store.begin()
  world.store.prepareUser(sql).run([])
  live.flush(world.store.commit(null).touched)
  return [...events]
}

const patchOf = (event: EngineEvent | undefined): LivePatch | undefined =>
  event?.kind === 'live' ? event.patch : undefined

test('[P9.1] the first result comes whole, even when it is empty', () => {
  live.register(1, 'SELECT id FROM notes', [])
  expect(events).toEqual([{ kind: 'live', id: 1, patch: { columns: ['id'], order: [], rows: [] } }])
})

test('[P9.1] a patch names unchanged rows by their former place', () => {
  world.write("INSERT INTO notes (id, project, title) VALUES (1, 'p', 'a'), (2, 'p', 'b'), (3, 'p', 'c')")
  live.register(1, 'SELECT id, title FROM notes ORDER BY title', [])
  expect(patchOf(write("UPDATE notes SET title = 'z' WHERE id = 1")[0])).toEqual({
    columns: ['id', 'title'],
    order: [1, 2, ~0],
    rows: [[1, 'z']],
  })
  expect(patchOf(write('DELETE FROM notes WHERE id = 2')[0])).toMatchObject({ order: [1, 2], rows: [] })
})

test('[P9.1] a commit that leaves the result the same, or writes another table, tells nothing', () => {
  live.register(1, 'SELECT title FROM notes WHERE project = ?', ['p'])
  expect(write("INSERT INTO notes (id, project, title) VALUES (1, 'q', 'x')")).toEqual([])
  expect(write("INSERT INTO links VALUES (1, 'x', 'p', 1)")).toEqual([])
  expect(write("INSERT INTO notes (id, project, title) VALUES (2, 'p', 'x')").length).toBe(1)
})

test('[P9.1] a live query depends on the tables of its subqueries too', () => {
  live.register(1, 'SELECT (SELECT count(*) FROM notes) AS notes, (SELECT count(*) FROM links) AS links', [])
  expect(patchOf(write("INSERT INTO links VALUES (1, 'x', 'p', 1)")[0])?.rows).toEqual([[0, 1]])
})

test('[P9.1] an ended live query no longer runs', () => {
  live.register(1, 'SELECT id FROM notes', [])
  live.unregister(1)
  expect(write("INSERT INTO notes (id, project) VALUES (1, 'p')")).toEqual([])
})

test('[P12] SQL that cannot be a live query is refused with a code', () => {
  expect(codeOf(() => live.register(1, 'SELECT nothing FROM notes', []))).toBe('sql_error')
  expect(codeOf(() => live.register(1, 'DELETE FROM notes', []))).toBe('sql_forbidden')
  expect(codeOf(() => live.register(1, 'DELETE FROM notes RETURNING id', []))).toBe('sql_forbidden')
  expect(write("INSERT INTO notes (id, project) VALUES (1, 'p')")).toEqual([])
})

test('[P12] a live query that fails later tells its error, and comes back with its whole result', () => {
  live.register(1, "SELECT json_extract(title, '$.a') AS a FROM notes", [])
  const [failed] = write("INSERT INTO notes (id, project, title) VALUES (1, 'p', 'no json')")
  expect(failed).toMatchObject({ kind: 'liveError', id: 1, error: { code: 'sql_error' } })
  const [good] = write(`UPDATE notes SET title = '{"a": 5}'`)
  expect(patchOf(good)).toMatchObject({ order: [~0], rows: [[5]] })
})

test('[P12] a live query that failed by storage comes back with the next commit, whatever that writes', () => {
  let broken = false
  const prepareUser: SqliteDriver['prepareUser'] = (sql) => {
    const statement = world.driver.prepareUser(sql)
    const all: typeof statement.all = (params) => {
      if (broken) throw new LandfallError('storage_full')
      return statement.all(params)
    }
    return Object.assign(Object.create(statement) as typeof statement, { all })
  }
  live = createLiveQueries({ ...world.driver, prepareUser }, (event) => events.push(event))
  live.register(1, 'SELECT id FROM notes', [])
  broken = true
  const [failed] = write("INSERT INTO notes (id, project) VALUES (1, 'p')")
  expect(failed).toMatchObject({ kind: 'liveError', error: { code: 'storage_full' } })
  expect(write("INSERT INTO links VALUES (1, 'x', 'p', 1)")).toEqual([]) // the same again is not told
  broken = false
  expect(patchOf(write("INSERT INTO links VALUES (2, 'y', 'p', 1)")[0])?.rows).toEqual([[1]])
})

const value: fc.Arbitrary<SqliteValue> = fc.oneof(
  fc.constantFrom<SqliteValue>(null, 1, '1', 1n, 0, -0, '', 's1:1', new Uint8Array([1]), new Uint8Array()),
  fc.integer({ min: 0, max: 3 }),
)
const rows = fc.array(fc.tuple(value, value), { maxLength: 12 })

test('[P9.1] a patch applied to the former rows gives the new ones, and is absent only for equal results', () => {
  fc.assert(
    fc.property(rows, rows, (before, after) => {
      const change = diffRows(before, after)
      const patched = change?.order.map((at) => (at < 0 ? change.rows[~at] : before[at])) ?? before
      expect(patched).toStrictEqual(after)
      if (change !== null) expect(JSON.stringify(change.order) === '[]' && before.length === 0).toBe(false)
      const kept = change?.order.filter((at) => at >= 0) ?? []
      expect(new Set(kept).size).toBe(kept.length)
    }),
    { numRuns: 2000 },
  )
})
