/** Turns and the audit without a Postgres: who goes on when, and what a push has done. */
import type { ManifestTable } from '@landfall/protocol'
import type { Database } from '@landfall/server'
import { expect, test } from 'vitest'
import { undoOwn } from '../src/stage/audit.ts'
import { sampleApp } from '../src/sample/sample-app.ts'
import type { RowSet } from '../src/checks/truth.ts'
import { createTurns, type Turns } from '../src/stage/turns.ts'
import { createRandom } from '@landfall/testkit'
import { createBusy, stillness } from '@landfall/testkit/internal'

/** A database with one lock: `lock` takes it until the transaction ends. */
function createFake(seed: number) {
  const busy = createBusy()
  const waiting = new Map<string, () => void>()
  let holder: string | null = null
  const free = (name: string): void => {
    if (holder !== name) return
    holder = null
    const [[next, goOn] = []] = waiting
    if (next === undefined || goOn === undefined) return
    waiting.delete(next)
    holder = next
    goOn()
  }
  const database: Database = {
    kind: 'postgres',
    async transaction(_, work) {
      let name = ''
      const query = async (sql: string) => {
        if (sql.startsWith('name ')) name = sql
        if (sql !== 'lock') return []
        if (holder === null) holder = name
        else await new Promise<void>((resolve) => waiting.set(name, resolve))
        return []
      }
      return work({ query }).finally(() => free(name))
    },
    close: async () => {},
  }
  const turns = createTurns({
    busy,
    random: createRandom(seed),
    prelude: (name) => `name ${name}`,
    blocked: async () => new Set([...waiting.keys()].map((name) => name.slice('name '.length))),
    deadlocked: () => {},
  })
  return { busy, database, turns }
}

const WRITE = { isolation: 'read committed', readOnly: false } as const

function run(
  turns: Turns,
  database: Database,
  { program, statements }: { program: string; statements: string[] },
) {
  return turns.of(program, database).transaction(WRITE, async (tx) => {
    for (const statement of statements) await tx.query(statement)
  })
}

async function orderOf(seed: number, statements: string[] = ['one', 'two', 'three']): Promise<string[]> {
  const { turns, database } = createFake(seed)
  await Promise.all(['a', 'b', 'c'].map((program) => run(turns, database, { program, statements })))
  return [...turns.log]
}

test('[T8.11] the seed decides who has the next turn, from BEGIN to COMMIT', async () => {
  const order = await orderOf(1)
  expect(order).toHaveLength(15)
  expect(order.filter((turn) => turn.startsWith('b'))).toEqual([
    'b 1: begin',
    'b 1: one',
    'b 1: two',
    'b 1: three',
    'b 1: commit',
  ])
  expect(await orderOf(1)).toEqual(order)
  expect(await orderOf(2)).not.toEqual(order)
})

test('[T8.11] who waits for a lock lets the others go on, and goes on after them', async () => {
  const order = await orderOf(1, ['lock', 'work'])
  expect(order.filter((turn) => turn.endsWith('waits for a lock')).length).toBeGreaterThan(0)
  const works = order.filter((turn) => turn.endsWith('work') || turn.endsWith('commit'))
  expect(works.map((turn) => turn.slice(5))).toEqual(['work', 'commit', 'work', 'commit', 'work', 'commit'])
})

test('[T8.11] time may move while all that is under way waits for a lock', async () => {
  const { turns, database, busy } = createFake(1)
  let letGo = (): void => {}
  const prepared = database.transaction(WRITE, async (tx) => {
    await tx.query('lock')
    await new Promise<void>((resolve) => (letGo = resolve))
  })
  const waits = run(turns, database, { program: 'a', statements: ['lock'] })
  await stillness(busy)
  expect(turns.log.at(-1)).toBe('a 1: waits for a lock')
  letGo()
  await Promise.all([prepared, waits])
  await stillness(busy)
  expect(turns.log.at(-1)).toBe('a 1: commit')
})

test('[T8.13] the rows before a push are those after it without what it did itself', async () => {
  const table = sampleApp.sync.manifest.tables.find(({ name }) => name === 'countries') as ManifestTable
  const after: RowSet = new Map([
    [
      'countries',
      {
        table,
        rows: new Map([
          ['["at"]', ['at', 'now']],
          ['["ch"]', ['ch', 'new']],
          ['["de"]', ['de', 'by others']],
        ]),
      },
    ],
  ])
  const newestFirst = [
    ['countries', ['at', 'between'], ['at', 'now']],
    ['countries', ['be', 'old'], ['ch', 'new']],
    ['countries', ['at', 'before'], ['at', 'between']],
  ]
  const query = async () => [{ newest_first: JSON.stringify(newestFirst) }]
  const before = await undoOwn({ query }, after)
  expect(Object.fromEntries(before.get('countries')?.rows ?? [])).toEqual({
    '["at"]': ['at', 'before'],
    '["be"]': ['be', 'old'],
    '["de"]': ['de', 'by others'],
  })
})
