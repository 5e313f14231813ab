/** The algebra of base and visible rows, against a simple model: visible = base with the unsent changes on top. */
import { rowCount, type Changeset } from '@landfall/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { manifest } from './support/schema.ts'
import { applyChangeset, ServerModel, type Note, type Notes } from './support/server-model.ts'
import { columns, NO_LIMIT, openWorld, scope, type World } from './support/store.ts'

type Step =
  | { kind: 'local'; sql: string[] }
  | { kind: 'edit'; key: string; note: Note | null }
  | { kind: 'push'; count: number; accept: boolean }
  | { kind: 'pull' }
  | { kind: 'truncate' }
  | { kind: 'reload'; between: string[]; rowsBetween: string[] }

const key = fc.integer({ min: 1, max: 3 }).map(String)
const word = fc.constantFrom("'a'", "'b'", "'c'", 'NULL')
const localStatement = fc.oneof(
  fc.tuple(key, word).map(([k, w]) => `REPLACE INTO notes (id, project, title) VALUES (${k}, 'p', ${w})`),
  fc.tuple(key, word).map(([k, w]) => `UPDATE notes SET title = ${w} WHERE id = ${k}`),
  fc.tuple(key, word).map(([k, w]) => `UPDATE notes SET body = ${w}, votes = votes + 1 WHERE id <= ${k}`),
  key.map((k) => `DELETE FROM notes WHERE id = ${k}`),
)
const local = fc.array(localStatement, { minLength: 1, maxLength: 3 })
const text = fc.constantFrom('x', 'y', null)
const note = fc.tuple(text, fc.constantFrom('7', '8'), text)

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: local.map((sql): Step => ({ kind: 'local', sql })) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(key, fc.option(note))
      .map(([k, n]): Step => ({ kind: 'edit', key: k, note: n === null ? null : [k, 'p', ...n] })),
  },
  {
    weight: 4,
    arbitrary: fc
      .record({ count: fc.integer({ min: 1, max: 3 }), accept: fc.boolean() })
      .map((push): Step => ({ kind: 'push', ...push })),
  },
  { weight: 5, arbitrary: fc.constant<Step>({ kind: 'pull' }) },
  { weight: 1, arbitrary: fc.constant<Step>({ kind: 'truncate' }) },
  {
    weight: 1,
    arbitrary: fc
      .record({
        between: fc.array(localStatement, { maxLength: 2 }),
        rowsBetween: fc.array(key, { maxLength: 2 }),
      })
      .map((reload): Step => ({ kind: 'reload', ...reload })),
  },
)

/** A client next to a server; `visible` is what the client must show. */
class Pair {
  readonly server = new ServerModel()
  #visible: Notes = new Map()
  readonly #unsent: Changeset[] = []
  readonly world: World

  constructor(world: World) {
    this.world = world
  }

  start(): void {
    this.world.store.applyPull(this.server.firstPull({ gained: [scope('project:p')] }))
    this.#load()
    this.#pull()
  }

  take(next: Step): void {
    switch (next.kind) {
      case 'local':
        return this.#write(next.sql)
      case 'edit':
        return this.server.edit(next.key, next.note)
      case 'push':
        return this.#push(next.count, next.accept)
      case 'pull':
        return this.#pull()
      case 'truncate':
        return this.#truncate()
      case 'reload':
        return this.#reload(next)
    }
  }

  /** Everything is pushed and pulled. */
  finish(): void {
    this.#push(Number.MAX_SAFE_INTEGER, true)
    this.#pull()
  }

  #write(sql: string[]): void {
    const { store } = this.world
    store.begin()
    for (const text of sql) store.prepareUser(text).run([])
    const { number } = store.commit(null)
    if (number === null) return
    const changeset = store.readOutbox(NO_LIMIT).at(-1)
    if (changeset === undefined) throw new Error('a sealed changeset is in the outbox')
    this.#unsent.push(changeset)
    applyChangeset(this.#visible, changeset)
  }

  #push(count: number, accept: boolean): void {
    const waiting = this.#unsent.filter(({ number }) => number > this.server.acknowledged)
    for (const changeset of waiting.slice(0, count)) this.server.push(changeset, accept)
  }

  #pull(): void {
    this.world.store.applyPull(this.server.pull())
    this.#rebase()
  }

  #truncate(): void {
    this.server.rows.clear()
    const response = this.server.pull()
    this.world.store.applyPull({
      ...response,
      tables: response.tables.map((table) => ({ ...table, truncated: true, removed: [] })),
    })
    this.#rebase()
  }

  #reload({ between, rowsBetween }: { between: string[]; rowsBetween: string[] }): void {
    this.world.store.loadAgain()
    this.world.store.applyPull(this.server.firstPull({ gained: [scope('project:p')] }))
    for (const row of rowsBetween) this.server.edit(row, [row, 'p', 'between', '9', null])
    this.#load()
    if (between.length > 0) this.#write(between)
    this.#pull()
  }

  /** All rows in pages of two. */
  #load(): void {
    const rows = [...this.server.rows.values()]
    for (let at = 0; at < rows.length || at === 0; at += 2) {
      const page = rows.slice(at, at + 2)
      const next = at + 2 < rows.length ? { table: 'notes', after: [page.at(-1)?.[0] ?? null] } : null
      this.world.store.applyPage(scope('project:p'), {
        blocks: [{ table: 'notes', rows: columns(page) }],
        next,
      })
    }
  }

  /**
   * After a pull: what the server holds, with the unsent changes on top. A row whose insert or delete is unsent, or
   * that is gone on the server, stays as it was shown until its changesets have their verdict.
   */
  #rebase(): void {
    const pending = this.#unsent.filter(({ number }) => number > this.server.acknowledged)
    const next: Notes = new Map(this.server.rows)
    for (const changeset of pending) applyChangeset(next, changeset)
    for (const row of this.#keptAsShown(pending)) {
      const shown = this.#visible.get(row)
      if (shown === undefined) next.delete(row)
      else next.set(row, shown)
    }
    this.#visible = next
  }

  #keptAsShown(pending: Changeset[]): string[] {
    const touched = pending.flatMap(({ changes }) =>
      changes.flatMap(({ operation, keys }) => (keys[0] ?? []).map((row) => ({ operation, row: row ?? '' }))),
    )
    return touched
      .filter(({ operation, row }) => operation !== 'update' || !this.server.rows.has(row))
      .map(({ row }) => row)
  }

  check(): void {
    const rows = this.world.rows(
      'SELECT CAST(id AS TEXT), project, title, CAST(votes AS TEXT), body FROM notes ORDER BY id',
    )
    const expected = [...this.#visible.values()].sort((a, b) => Number(a[0]) - Number(b[0]))
    expect(rows).toEqual(expected)
    const [[capturing]] = this.world.rows('SELECT capturing FROM landfall_guard') as [[number]]
    expect(capturing).toBe(1)
    expect(this.world.rows('SELECT * FROM landfall_before_notes')).toEqual([])
  }

  checkSettled(): void {
    expect(this.world.rows('SELECT * FROM landfall_base_notes')).toEqual([])
    expect(this.world.store.outboxCount()).toBe(0)
    expect(Number(this.world.rows('SELECT count(*) FROM notes')[0]?.[0])).toBe(this.server.rows.size)
  }
}

test('[P3.2] the visible row is the base with the unsent changes on top', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30, size: 'max' }), async (steps) => {
      const pair = new Pair(await openWorld(manifest))
      pair.server.edit('1', ['1', 'p', 'first', '0', null])
      pair.server.edit('2', ['2', 'p', null, '0', 'first'])
      pair.start()
      for (const next of steps) {
        pair.take(next)
        pair.check()
      }
      pair.finish()
      pair.check()
      pair.checkSettled()
      pair.world.driver.close()
    }),
    { numRuns: 300 },
  )
})

async function client(): Promise<Pair> {
  const pair = new Pair(await openWorld(manifest))
  pair.server.edit('1', ['1', 'p', 'theirs', '0', null])
  pair.start()
  return pair
}

const title = ({ world }: Pair): unknown => world.rows('SELECT title FROM notes WHERE id = 1')[0]?.[0]

test('[P9] an own write stays on the screen while it travels, whatever a pull brings', async () => {
  const pair = await client()
  pair.take({ kind: 'local', sql: ["UPDATE notes SET title = 'mine' WHERE id = 1"] })
  pair.server.edit('1', ['1', 'p', 'other', '5', 'their body'])
  pair.take({ kind: 'pull' })
  expect(pair.world.rows('SELECT title, votes, body FROM notes')).toEqual([['mine', 5, 'their body']])
  pair.take({ kind: 'push', count: 1, accept: true })
  pair.take({ kind: 'pull' })
  expect(title(pair)).toBe('mine')
  pair.checkSettled()
})

test('[P9] an own write that the first pull after a lost history acknowledges does not flicker back', async () => {
  const pair = await client()
  pair.take({ kind: 'local', sql: ["UPDATE notes SET title = 'mine' WHERE id = 1"] })
  pair.take({ kind: 'push', count: 1, accept: true })
  pair.world.store.loadAgain()
  pair.world.store.applyPull(pair.server.firstPull({ gained: [scope('project:p')] }))
  expect(title(pair)).toBe('mine')
  expect(pair.world.store.outboxCount()).toBe(0)
})

test('[P7] a rejected changeset is set aside with its reason, and its effect is undone', async () => {
  const pair = await client()
  pair.take({ kind: 'local', sql: ["UPDATE notes SET title = 'mine' WHERE id = 1"] })
  pair.take({ kind: 'local', sql: ["UPDATE notes SET body = 'later' WHERE id = 1"] })
  pair.take({ kind: 'push', count: 1, accept: false })
  pair.take({ kind: 'pull' })
  expect(pair.world.rows('SELECT title, body FROM notes')).toEqual([['theirs', 'later']])
  const [rejection, ...others] = pair.world.store.rejections()
  expect(others).toEqual([])
  expect(rejection).toMatchObject({
    error: { code: 'forbidden' },
    changes: [{ operation: 'update', columns: ['title'], new: [['mine']] }],
  })
  pair.world.store.discardRejection(rejection?.id ?? 0)
  expect(pair.world.store.rejections()).toEqual([])
  expect(() => pair.world.store.discardRejection(rejection?.id ?? 0)).toThrow('not_found')
})

test('[P3.2] the base remembers for each column which changeset touched it last', async () => {
  const pair = await client()
  pair.take({ kind: 'local', sql: ["UPDATE notes SET title = 'one'"] })
  pair.take({ kind: 'local', sql: ["UPDATE notes SET body = 'two'"] })
  expect(
    pair.world.rows('SELECT landfall_touched, landfall_first, landfall_last FROM landfall_base_notes'),
  ).toEqual([['{"title":1,"body":2}', 1, 2]])
  pair.take({ kind: 'push', count: 1, accept: true })
  pair.take({ kind: 'pull' })
  expect(pair.world.rows('SELECT landfall_touched, landfall_first FROM landfall_base_notes')).toEqual([
    ['{"body":2}', 2],
  ])
})

test('[P2.2] a push reads the outbox from its front within limits, and at least one changeset', async () => {
  const pair = await client()
  for (let i = 0; i < 5; i++) pair.take({ kind: 'local', sql: ['UPDATE notes SET votes = votes + 1'] })
  const numbers = (changesets: number, bytes: number): number[] =>
    pair.world.store.readOutbox({ changesets, bytes }).map(({ number }) => number)
  expect(numbers(3, 1e9)).toEqual([1, 2, 3])
  expect(numbers(100, 1)).toEqual([1])
  const [first] = pair.world.store.readOutbox(NO_LIMIT)
  const size = JSON.stringify(first?.changes).length
  expect(numbers(100, 2 * size)).toEqual([1, 2])
  expect(rowCount(first?.changes[0]?.keys ?? [])).toBe(1)
})
