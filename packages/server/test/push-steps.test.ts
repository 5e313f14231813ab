/** The order that a changeset brings along: what may stand in it, and that it gives no right. */
import type { Changeset, Step } from '@landfall/protocol'
import { defineSync } from '@landfall/schema'
import * as pg from 'drizzle-orm/pg-core'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { checkChangeset } from '../src/push/check/check-changeset.ts'
import {
  type Change,
  createPushWorld,
  type PushingClient,
  type PushWorld,
  type Row,
  tellVerdict,
} from './support/push-world.ts'

const slots = pg.pgTable(
  'slots',
  { id: pg.integer().primaryKey(), area: pg.integer(), position: pg.integer(), title: pg.text() },
  (t) => [pg.unique().on(t.area, t.position)],
)
const sync = defineSync({ tables: { slots }, scopes: { area: { slots: (t) => t.area } } })

const asked: (string | null | undefined)[] = []
let world: PushWorld
let ann: PushingClient

beforeAll(async () => {
  world = await createPushWorld({
    address: 'pglite:memory',
    app: {
      sync,
      holders: { area: () => ['1', '2'] },
      async create(database) {
        await database.transaction({ isolation: 'read committed', readOnly: false }, (tx) =>
          tx.query(
            'CREATE TABLE slots (id int PRIMARY KEY, area int, position int, title text, UNIQUE (area, position))',
          ),
        )
      },
    },
    authorize: {
      slots({ after }) {
        asked.push(after?.['position'])
        return after?.['position'] !== '666'
      },
    },
  })
})
afterAll(() => world.close())
beforeEach(async () => {
  await world.run('DELETE FROM landfall.conflicts')
  await world.run('DELETE FROM slots')
  await world.run('DELETE FROM landfall.changes')
  await world.run(`INSERT INTO slots VALUES (1, 1, 1, 'a'), (2, 1, 2, 'b')`)
  await world.run('DELETE FROM landfall.changes')
  ann = world.client('ann')
  asked.length = 0
})

const change = (id: string, old: Row, after: Row): Change => ({
  table: 'slots',
  operation: 'update',
  key: [id],
  old,
  new: after,
})
const insert = (row: Row): Change => ({
  table: 'slots',
  operation: 'insert',
  key: [row['id'] ?? null],
  old: {},
  new: row,
})
const place = (id: string, from: string | null, to: string | null): Change =>
  change(id, { position: from }, { position: to })
const SWAP = [place('1', '1', '2'), place('2', '2', '1')]
/** Each change is a block of one row. */
const whole = (block: number): Step => ({ block, row: 0, count: 1 })
const between = (block: number, values: { [column: string]: string | null }): Step => ({
  block,
  row: 0,
  values,
})

async function push(changes: Change[], steps: Step[]): Promise<string> {
  const { verdicts } = await ann.send([{ ...ann.make(changes, Date.now() + 1_000), steps }])
  return verdicts.map(tellVerdict).join()
}

const positions = () => world.run('SELECT id::text, area::text, position::text FROM slots ORDER BY id')
const SWAPPED = [
  { id: '1', area: '1', position: '2' },
  { id: '2', area: '1', position: '1' },
]

test('[P2.4] a swap by a parking value goes through, one without is in no order', async () => {
  expect(await push(SWAP, [whole(0), whole(1)])).toBe('unique_violation')
  expect(await push(SWAP, [between(0, { position: '-1' }), whole(1), whole(0)])).toBe('applied')
  expect(await positions()).toEqual(SWAPPED)
})

describe('forged orders', () => {
  const FORGED: [what: string, steps: Step[]][] = [
    ['a block that is not there', [whole(0), whole(1), whole(2)]],
    ['a row that is not there', [whole(0), whole(1), { block: 0, row: 1, count: 1 }]],
    ['more rows than there are', [{ block: 0, row: 0, count: 2 }, whole(1)]],
    ['a row twice', [whole(0), whole(1), whole(0)]],
    ['a row left out', [whole(0)]],
    ['a value in between after the change', [whole(0), between(0, { position: '7' }), whole(1)]],
    ['a column without a constraint', [between(0, { title: 'x' }), whole(0), whole(1)]],
    ['a column that does not change', [between(0, { area: '2' }), whole(0), whole(1)]],
    ['a column of no table', [between(0, { __proto__x: 'x' }), whole(0), whole(1)]],
    ['a key', [between(0, { id: '3' }), whole(0), whole(1)]],
  ]
  test.each(FORGED)('[P16] %s is refused', async (_, steps) => {
    expect(await push(SWAP, steps)).toBe('bad_request')
  })

  test('[P16] no steps are the blocks as they stand', () => {
    const changeset: Changeset = ann.make(SWAP)
    expect(checkChangeset(sync.manifest, changeset, 0).steps).toEqual([whole(0), whole(1)])
  })
})

test('[P4.1] a value in between leads into no foreign scope', async () => {
  const move = [change('1', { area: '1', position: '1' }, { area: '2', position: '2' }), place('2', '2', '1')]
  // Taken at once it is no question of order, so another row stands in the way.
  await world.run(`INSERT INTO slots VALUES (3, 2, 2, 'c')`)
  const away = [...move, place('3', '2', '9')]
  expect(await push(away, [between(0, { area: '9', position: '5' }), whole(2), whole(0), whole(1)])).toBe(
    'applied',
  )
  expect(await world.value(`SELECT count(*)::text FROM landfall.changes WHERE scope = 'area:9'`)).toBe('0')
})

test('[P4.5] the app is asked about values in between, and its no leaves them out', async () => {
  const steps = [between(0, { position: '666' }), between(0, { position: '5' }), whole(1), whole(0)]
  expect(await push(SWAP, steps)).toBe('applied')
  expect(await positions()).toEqual(SWAPPED)
  expect(asked).toContain('666')
  expect(asked).toContain('5')
})

test('[P7.1] a row that others have moved is a conflict of its net change, once', async () => {
  await world.run(`UPDATE slots SET position = 8 WHERE id = 1`)
  const verdict = await push(
    [...SWAP, insert({ id: '3', area: '1', position: '8' })],
    [between(0, { position: '-1' }), whole(1), whole(0), whole(2)],
  )
  expect(verdict).toBe('applied')
  const conflicts = await world.run('SELECT base, mine, theirs FROM landfall.conflicts')
  expect(conflicts).toEqual([{ base: '1', mine: '2', theirs: '8' }])
})

test('[P2.4] an inserted row comes with what it held at first', async () => {
  const changes = [insert({ id: '3', area: '1', position: '1' }), place('1', '1', '4')]
  expect(await push(changes, [between(0, { position: '7' }), whole(1), whole(0)])).toBe('applied')
  expect(await world.value('SELECT position::text FROM slots WHERE id = 3')).toBe('1')
})
