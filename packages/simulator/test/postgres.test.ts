/** The simulator on a real Postgres: transactions overlap, the promises hold, and a wrong cursor is found. */
import type { Database, TransactionOptions } from '@landfall/server'
import { createTestDatabase } from '@landfall/tools/postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { OVERLAPPING, planOf } from '../src/plan/generate.ts'
import { sampleApp } from '../src/sample/sample-app.ts'
import type { Plan } from '../src/plan/plan.ts'
import { openPostgresEnvironment, type PostgresEnvironment } from '../src/stage/postgres-environment.ts'
import { runPlan } from '../src/stage/run.ts'
import { storyTable } from '../src/story/story.ts'

const PLANTED = { sql: (text: string) => text, options: (given: TransactionOptions) => given }
let planted = PLANTED
let environment: PostgresEnvironment

beforeAll(async () => {
  environment = await openPostgresEnvironment(sampleApp, { spoil })
})
afterAll(() => environment.close())

/** The database of a server process, with the bug that is planted now. */
function spoil(database: Database): Database {
  return {
    ...database,
    transaction: (options, work) =>
      database.transaction(planted.options(options), (tx) =>
        work({ query: (text, params) => tx.query(planted.sql(text), params) }),
      ),
  }
}

const smallPlan = (seed: number): Plan => planOf(sampleApp, seed, { ...OVERLAPPING, steps: 12 })

/** Transactions of which another one had a turn in between. */
function overlapping(turns: readonly string[]): number {
  const names = turns.map((turn) => turn.split(':')[0] ?? '')
  const spans = [...new Set(names)].map(
    (name) => [names.indexOf(name), names.lastIndexOf(name), name] as const,
  )
  return spans.filter(([from, to, name]) => names.slice(from, to).some((other) => other !== name)).length
}

test.each([1, 3])(
  '[T8.11] seed %i: three processes, overlapping transactions, nothing violated',
  async (seed) => {
    planted = PLANTED
    const outcome = await runPlan(environment, smallPlan(seed))
    expect(outcome.violations.length === 0 ? '' : storyTable(outcome, { around: 30 })).toBe('')
    expect(environment.turns().filter((turn) => turn.endsWith('waits for a lock')).length).toBeGreaterThan(0)
    expect(overlapping(environment.turns())).toBeGreaterThan(20)
  },
)

test('[T8.11] the same plan on a server that is given, where nothing can be restored', async () => {
  const given = await createTestDatabase('given')
  const server = new URL(given.url)
  server.pathname = '/postgres'
  const other = await openPostgresEnvironment(sampleApp, { server: server.href })
  const { violations, faults } = await runPlan(other, {
    ...smallPlan(2),
    steps: [{ kind: 'back up' }, ...smallPlan(2).steps.slice(0, 6), { kind: 'restore' }],
  })
  await other.close()
  await given.drop()
  expect(violations).toEqual([])
  expect(faults['postgres restored']).toBeUndefined()
})

test('[T8.11] a restart in the midst of a burst, and a restore', async () => {
  planted = PLANTED
  const { steps } = planOf(sampleApp, 2, { ...OVERLAPPING, steps: 200 })
  const [first, second] = steps.filter((step) => step.kind === 'burst')
  if (first === undefined || second === undefined) throw new Error('no burst')
  const { violations, faults } = await runPlan(environment, {
    ...smallPlan(2),
    steps: [
      first,
      { kind: 'back up' },
      { ...second, restartAfter: 40 },
      { kind: 'pass', ms: 3_000 },
      { kind: 'restore' },
    ],
  })
  expect(environment.turns()).toContain('interrupted')
  expect(violations).toEqual([])
  expect(faults['postgres restored']).toBe(1)
})

test('[T8.13] a push that takes effect again is found', async () => {
  planted = {
    ...PLANTED,
    sql: (text) => text.replace('SET last_number = $2::bigint', 'SET last_number = $2::bigint * 0'),
  }
  const found: string[] = []
  for (let seed = 3; seed <= 12 && !found.includes('P2'); seed++) {
    const { violations } = await runPlan(environment, smallPlan(seed))
    found.push(...violations.map(({ promise }) => promise))
  }
  expect(found).toContain('P2')
}, 180_000)

describe('a wrong cursor', () => {
  test.each([
    {
      bug: 'forgets transactions in progress, as "up to the highest seen" does',
      planting: {
        ...PLANTED,
        sql: (text: string) => text.replaceAll('xid = ANY (', 'false AND xid = ANY ('),
      },
      promises: ['P3', 'P6'],
    },
    {
      bug: 'takes each statement in a snapshot of its own',
      planting: {
        ...PLANTED,
        options: (given: TransactionOptions): TransactionOptions => ({
          ...given,
          isolation: 'read committed',
        }),
      },
      promises: ['P5'],
    },
  ])(
    '[T8.12] that $bug is found within twelve seeds',
    async ({ planting, promises }) => {
      planted = planting
      const found: string[] = []
      const isFound = (): boolean => promises.some((promise) => found.includes(promise))
      for (let seed = 1; seed <= 12 && !isFound(); seed++) {
        const { violations } = await runPlan(environment, smallPlan(seed))
        found.push(...violations.map(({ promise }) => promise))
      }
      expect(found.filter((promise) => promises.includes(promise))).not.toEqual([])
    },
    180_000,
  )
})
