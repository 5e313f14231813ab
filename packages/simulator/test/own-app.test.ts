/** An app that is not the simulator's own: every kind of column, composite keys, foreign keys, read-only columns. */
import { openEnvironment, planOf, runPlan, type SimApp, type Environment } from '../src/index.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { storyTable } from '../src/story/story.ts'
import { DDL, SCOPES, sync } from './support/every-kind.ts'

const SEEDS = (process.env['SEEDS'] ?? '1,2,3,4,5,6').split(',').map(Number)

const AREAS: { [user: string]: readonly string[] } = {
  ada: SCOPES.area,
  ben: SCOPES.area.slice(1),
}

const app: SimApp = {
  sync,
  holders: { area: ({ userId }) => AREAS[userId] ?? [], own: ({ userId }) => [userId] },
  setup: DDL,
  users: ['ada', 'ben'],
  scopes: SCOPES,
}

let environment: Environment
beforeAll(async () => {
  environment = await openEnvironment(app)
})
afterAll(() => environment.close())

test.each(SEEDS)('[T8.8] seed %i: a world of another app keeps every promise', async (seed) => {
  const outcome = await runPlan(environment, planOf(app, seed))
  if (outcome.violations.length > 0) console.log(storyTable(outcome, { around: 30 }))
  expect(outcome.violations).toEqual([])
})
