/**
 * Worlds drawn from seeds: a fixed set of them keeps every promise, the same everywhere. Plans that once broke one are
 * kept in `plans/`, each with what it found.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openEnvironment, planOf, runPlan, type Environment } from '../src/index.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sampleApp } from '../src/sample/sample-app.ts'
import { parsePlan } from '../src/plan/plan-json.ts'
import { storyTable } from '../src/story/story.ts'

const SEEDS = Array.from({ length: Number(process.env['SEEDS'] ?? 100) }, (_, i) => i + 1)
const PLANS = join(fileURLToPath(new URL('.', import.meta.url)), 'plans')

let environment: Environment
beforeAll(async () => {
  environment = await openEnvironment(sampleApp)
})
afterAll(() => environment.close())

async function expectKept(plan: Parameters<typeof runPlan>[1]): Promise<string> {
  const outcome = await runPlan(environment, plan)
  if (outcome.violations.length > 0) console.log(storyTable(outcome, { around: 30 }))
  expect(outcome.violations).toEqual([])
  expect(outcome.steps).toBe(plan.steps.length)
  return outcome.digest
}

test.each(SEEDS)('[T8.8] seed %i: a world keeps every promise', async (seed) => {
  await expectKept(planOf(sampleApp, seed))
})

test('[T8.9] the same seed gives the same story, byte for byte', async () => {
  const plan = planOf(sampleApp, 4)
  expect(planOf(sampleApp, 4)).toEqual(plan)
  const first = await runPlan(environment, plan)
  await runPlan(environment, planOf(sampleApp, 5))
  const second = await runPlan(environment, plan)
  expect(second.lines).toEqual(first.lines)
  expect(second.digest).toBe(first.digest)
})

test.each(readdirSync(PLANS))('[T8.10] %s: a plan that once broke a promise keeps it', async (file) => {
  await expectKept(parsePlan(readFileSync(join(PLANS, file), 'utf8')))
})
