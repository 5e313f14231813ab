/** Capture: net changes of any SQL, replayed on a twin; refusals that leave no trace; canonical values. */
import { LandfallError, rowAt, rowCount, type Changeset } from '@landfall/protocol'
import { defineSync } from '@landfall/schema'
import { integer, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'
import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { manifest } from './support/schema.ts'
import { statement, type Sql } from './support/statements.ts'
import { codeOf, NO_LIMIT, openWorld, type World } from './support/store.ts'
import { allRows, openTwin, replay } from './support/twin.ts'

let world: World

beforeEach(async () => {
  world = await openWorld(manifest)
})

const outbox = (): Changeset[] => world.store.readOutbox(NO_LIMIT)

/** Failed statements are passed over, as an app might; savepoints may be unknown. */
function runAll(statements: Sql[]): void {
  world.store.begin()
  for (const [sql, ...params] of statements) {
    try {
      world.store.prepareUser(sql).all(params)
    } catch (error) {
      if (!(error instanceof LandfallError)) throw error
    }
  }
}

describe('any SQL', () => {
  const transactions = fc.array(
    fc.record({ statements: fc.array(statement, { minLength: 1, maxLength: 8 }), keep: fc.boolean() }),
    { minLength: 1, maxLength: 8 },
  )

  test('[P3.1] captured changesets replayed on a twin give the same rows', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(transactions, async (list) => {
        world = await openWorld(manifest)
        const twin = await openTwin()
        let replayed = 0
        for (const { statements, keep } of list) {
          runAll(statements)
          if (!keep) world.store.rollback()
          else world.store.commit(null)
          for (const changeset of outbox().slice(replayed)) {
            expectRowsOnce(changeset)
            replay(twin, changeset)
            replayed++
          }
          expect(allRows(twin)).toStrictEqual(allRows(world.driver))
        }
        world.driver.close()
        twin.close()
      }),
      { numRuns: 150 },
    )
  })

  function expectRowsOnce({ changes }: Changeset): void {
    const rows = changes.flatMap(({ table, keys }) =>
      Array.from({ length: rowCount(keys) }, (_, row) => `${table} ${JSON.stringify(rowAt(keys, row))}`),
    )
    expect(new Set(rows).size).toBe(rows.length)
  }
})

test('[P3.1] a row deleted and inserted again is an update; a row inserted and deleted is no change', () => {
  world.write("INSERT INTO notes (id, project, title) VALUES (1, 'p', 'old')")
  const number = world.write(
    'DELETE FROM notes',
    "INSERT INTO notes (id, project, title) VALUES (1, 'p', 'new'), (2, 'p', 'x')",
    'DELETE FROM notes WHERE id = 2',
  )
  expect(outbox()[1]).toMatchObject({
    number,
    changes: [
      {
        table: 'notes',
        operation: 'update',
        columns: ['title'],
        keys: [['1']],
        old: [['old']],
        new: [['new']],
      },
    ],
  })
})

test('[P3.1] a transaction that changes nothing makes no changeset', () => {
  world.write("INSERT INTO notes (id, project) VALUES (1, 'p')")
  expect(world.write('UPDATE notes SET title = title')).toBeNull()
  expect(world.write("UPDATE notes SET title = 'x'", 'UPDATE notes SET title = NULL')).toBeNull()
  expect(world.write('UPDATE notes SET id = 2', 'UPDATE notes SET id = 1')).toBeNull()
  expect(world.store.outboxCount()).toBe(1)
})

test('[P3.1] a changed key is a delete and an insert', () => {
  world.write("INSERT INTO notes (id, project) VALUES (1, 'p')")
  world.write('UPDATE notes SET id = 5')
  const operations = outbox()[1]?.changes.map(({ operation, keys }) => [operation, keys])
  expect(operations).toEqual([
    ['insert', [['5']]],
    ['delete', [['1']]],
  ])
})

test('[P3.1] inserts leave NULLs of columns with a default to Postgres, deletes carry every old value', () => {
  const id = '11111111-1111-4111-8111-111111111111'
  world.write(["INSERT INTO exact (id, project) VALUES (?, 'p')", id], 'DELETE FROM notes')
  world.write('DELETE FROM exact')
  const [insert, remove] = outbox().map(({ changes }) => changes[0])
  expect(insert?.columns).toEqual(['id', 'project', 'owner', 'amount', 'big', 'done', 'ratio', 'due'])
  expect(remove?.columns).toEqual(
    manifest.tables.find(({ name }) => name === 'exact')?.columns.map((c) => c.name),
  )
  expect(remove?.old[0]).toEqual([id])
})

test('[P13.10] NULL stays NULL where the device knows the default, and else is left to Postgres', async () => {
  const things = pgTable('things', {
    id: integer().primaryKey(),
    state: text().default('new'),
    code: uuid().defaultRandom(),
    at: timestamp({ withTimezone: true }).defaultNow(),
    kind: text().notNull().default('plain'),
  })
  const { manifest: given } = defineSync({ tables: { things }, scopes: { own: { things: (t) => t.id } } })
  const { write, store, rows } = await openWorld(given)
  write('INSERT INTO things (id) VALUES (1)')
  write('INSERT INTO things (id, state, code, at) VALUES (2, NULL, NULL, NULL)')
  const told = store
    .readOutbox(NO_LIMIT)
    .flatMap(({ changes }) => changes.map((block) => [block.columns, block.new.map(([value]) => value)]))
  const [[code = null] = []] = rows('SELECT code FROM things WHERE id = 1')
  const names = ['id', 'state', 'code', 'kind']
  expect(told).toEqual([
    [names, ['1', 'new', code, 'plain']],
    [names, ['2', null, null, 'plain']],
  ])
})

test('[P3.1] blocks stand in manifest order, rows with the same columns together', () => {
  world.write(
    "INSERT INTO links VALUES (1, 'b', 'p', NULL), (2, 'b', 'p', NULL)",
    "INSERT INTO notes (id, project) VALUES (1, 'p'), (2, 'p'), (3, 'p')",
  )
  const blocks = outbox()[0]?.changes.map(({ table, keys }) => [table, rowCount(keys)])
  const order = manifest.tables.map(({ name }) => name).filter((name) => name === 'links' || name === 'notes')
  expect(blocks).toEqual(order.map((name) => [name, name === 'links' ? 2 : 3]))
})

test('[P1.1] a statement that fails half-way leaves no trace', () => {
  world.write("INSERT INTO notes (id, project) VALUES (2, 'p')")
  world.store.begin()
  const failing = world.store.prepareUser("INSERT INTO notes (id, project) VALUES (1, 'p'), (2, 'p')")
  expect(codeOf(() => failing.run([]))).toBe('constraint_failed')
  world.store.prepareUser("INSERT INTO notes (id, project) VALUES (3, 'p')").run([])
  world.store.commit(null)
  expect(outbox()[1]?.changes).toMatchObject([{ operation: 'insert', keys: [['3']] }])
})

test('[P1.1] a transaction that SQLite has rolled back takes no further statement and no commit', () => {
  world.write("INSERT INTO notes (id, project) VALUES (1, 'p')")
  world.store.begin()
  world.store.prepareUser("INSERT INTO notes (id, project) VALUES (2, 'p')").run([])
  const doomed = world.store.prepareUser("INSERT OR ROLLBACK INTO notes (id, project) VALUES (1, 'p')")
  expect(codeOf(() => doomed.run([]))).toBe('constraint_failed')
  const next = world.store.prepareUser("INSERT INTO notes (id, project) VALUES (3, 'p')")
  expect(codeOf(() => next.run([]))).toBe('transaction_closed')
  expect(codeOf(() => world.store.commit(null))).toBe('transaction_closed')
  expect(world.rows('SELECT id FROM notes')).toEqual([[1]])
  expect(world.write("INSERT INTO notes (id, project) VALUES (4, 'p')")).toBe(2)
})

test('[P1.2] number and stamp rise with each changeset and survive a rollback', () => {
  world.write("INSERT INTO notes (id, project) VALUES (1, 'p')")
  world.store.begin()
  world.store.prepareUser("INSERT INTO notes (id, project) VALUES (2, 'p')").run([])
  world.store.rollback()
  world.write("INSERT INTO notes (id, project) VALUES (3, 'p')")
  const [first, second] = outbox()
  expect([first?.number, second?.number]).toEqual([1, 2])
  expect(BigInt(second?.hlc ?? 0) > BigInt(first?.hlc ?? 0)).toBe(true)
})

const id = 'abcdef22-2222-4222-8222-2222222222aa'
const REFUSED: [what: string, sql: Sql, code: string][] = [
  [
    'too many decimals',
    ["INSERT INTO exact (id, project, amount) VALUES (?, 'p', '1.234')", id],
    'value_invalid',
  ],
  ['U+0000', ["INSERT INTO notes (id, project, title) VALUES (9, 'p', ?)", 'a\0b'], 'value_invalid'],
  [
    'an integer too large',
    ["INSERT INTO notes (id, project, votes) VALUES (9, 'p', ?)", 2 ** 31],
    'value_invalid',
  ],
  ['no boolean', ["INSERT INTO exact (id, project, done) VALUES (?, 'p', 2)", id], 'value_invalid'],
  ['no UUID', ["INSERT INTO exact (id, project) VALUES ('x', 'p')"], 'value_invalid'],
  [
    'a read-only column',
    ["INSERT INTO exact (id, project, created_at) VALUES (?, 'p', '2026-01-01 00:00:00+00:00')", id],
    'readonly_column',
  ],
  [
    'a changed read-only default',
    ["INSERT INTO exact (id, project, serial) VALUES (?, 'p', 8)", id],
    'readonly_column',
  ],
  ['a read-only table', ["INSERT INTO countries VALUES ('at', 'Austria')"], 'readonly_table'],
]

test.each(REFUSED)('[P13.1] the commit refuses %s and rolls everything back', (_what, sql, code) => {
  world.store.begin()
  world.store.prepareUser("INSERT INTO notes (id, project) VALUES (1, 'p')").run([])
  const [text, ...params] = sql
  world.store.prepareUser(text).run(params)
  expect(codeOf(() => world.store.commit(null))).toBe(code)
  expect(allRows(world.driver).flat()).toEqual([])
  expect(world.rows('SELECT * FROM landfall_before_notes')).toEqual([])
  expect(world.store.outboxCount()).toBe(0)
  expect(world.write("INSERT INTO notes (id, project) VALUES (1, 'p')")).toBe(1)
})

/** A row as a pull brings it, with what only the server writes. */
function arriveExact(): void {
  world.driver.exec('UPDATE landfall_guard SET capturing = 0')
  world.driver
    .prepare(
      "INSERT INTO exact (id, project, serial, created_at) VALUES (?, 'p', 5, '2026-01-01 00:00:00+00')",
    )
    .run([id])
  world.driver.exec('UPDATE landfall_guard SET capturing = 1')
}

test('[P3.1] a replaced row keeps its read-only columns, and the changeset holds only the others', () => {
  arriveExact()
  const row = (): unknown => world.rows('SELECT project, serial, created_at FROM exact')
  expect(world.write(["REPLACE INTO exact (id, project) VALUES (?, 'p')", id])).toBeNull()
  expect(row()).toEqual([['p', 5, '2026-01-01 00:00:00+00']])
  world.write(["REPLACE INTO exact (id, project) VALUES (?, 'q')", id])
  expect(row()).toEqual([['q', 5, '2026-01-01 00:00:00+00']])
  expect(outbox().flatMap(({ changes }) => changes)).toMatchObject([
    { operation: 'update', columns: ['project'], old: [['p']], new: [['q']] },
  ])
})

test('[P3.1] a row that gets a new key keeps its read-only columns', () => {
  arriveExact()
  const next = id.replace(/.$/, 'f')
  expect(world.write(['UPDATE exact SET id = ?', next])).toBe(1)
  expect(world.rows('SELECT id, serial FROM exact')).toEqual([[next, 5]])
  const [insert] = outbox().flatMap(({ changes }) =>
    changes.filter(({ operation }) => operation === 'insert'),
  )
  expect(insert?.keys).toEqual([[next]])
  expect(insert?.columns).not.toContain('serial')
  expect(insert?.columns).not.toContain('created_at')
})

test('[P13.1] a refusal names table, key and column', () => {
  world.store.begin()
  world.store.prepareUser("INSERT INTO notes (id, project, votes) VALUES (7, 'p', 3000000000)").run([])
  try {
    world.store.commit(null)
    expect.unreachable()
  } catch (error) {
    expect(error).toMatchObject({ details: { table: 'notes', key: ['7'], column: 'votes', type: 'integer' } })
  }
})

test('[P13] a value in another spelling is stored as Postgres prints it', () => {
  world.write([
    "INSERT INTO exact (id, project, amount, due) VALUES (?, 'p', '1.5', '2026-01-01T12:00:00Z')",
    id.toUpperCase(),
  ])
  const sent = outbox()[0]?.changes[0]
  expect(sent?.keys).toEqual([[id]])
  const [row] = world.rows('SELECT id, amount, due FROM exact')
  expect(row).toEqual([id, '1.50', '2026-01-01 12:00:00+00:00'])
  expect(world.rows('SELECT id FROM landfall_base_exact')).toEqual([[id]])
})

test('[P13] another spelling of a key names the same row', () => {
  world.write(["INSERT INTO exact (id, project) VALUES (?, 'p')", id])
  expect(world.write('UPDATE exact SET id = upper(id)')).toBeNull()
  expect(world.rows('SELECT id FROM exact')).toEqual([[id]])
  world.store.begin()
  world.store.prepareUser("INSERT INTO exact (id, project) VALUES (?, 'p')").run([id.toUpperCase()])
  expect(codeOf(() => world.store.commit(null))).toBe('constraint_failed')
})

test('[P13] a change to -0 or NaN is a change, and exact', () => {
  world.write("INSERT INTO links VALUES (1, 'b', 'p', 0)")
  world.write(['UPDATE links SET weight = ?', -0])
  world.write("UPDATE links SET weight = 'NaN'")
  expect(outbox().map(({ changes }) => changes[0]?.new.at(-1))).toEqual([['0'], ['-0'], ['NaN']])
})
