/** Shrinking, on plans whose failure is a question about their steps. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { formatPlan } from '../src/plan/plan-json.ts'
import type { Plan, Step } from '../src/plan/plan.ts'
import { shrinkPlan } from '../src/cli/shrink.ts'
import { simplerSteps } from '../src/cli/simpler-step.ts'
import { FAIR } from '@landfall/testkit'
import { EVERY_STEP, pass, planWith, write } from './support/samples.ts'

type Question = (plan: Plan) => boolean

const shrink = (plan: Plan, fails: Question, attempts = 10_000) =>
  shrinkPlan(plan, (smaller) => Promise.resolve(fails(smaller)), { attempts })

const numbers = (plan: Plan): number[] =>
  plan.steps.map((step) => (step.kind === 'prune' ? step.retentionMs : -1))
const numbered = (count: number): Step[] =>
  Array.from({ length: count }, (_, index) => ({ kind: 'prune', retentionMs: index }))

test('[T8.1] two steps far from each other are all that is left of two hundred', async () => {
  const needs: Question = (plan) => [17, 170].every((number) => numbers(plan).includes(number))
  const { plan, attempts, minimal } = await shrink(planWith(numbered(200)), needs)
  expect(numbers(plan)).toEqual([17, 170])
  expect(minimal).toBe(true)
  expect(attempts).toBeLessThan(100)
})

test('[T8.1] whatever must stay, no step of the result can go, and the same plan shrinks the same', async () => {
  const parity = fc.record({
    length: fc.integer({ min: 1, max: 40 }),
    modulus: fc.integer({ min: 1, max: 7 }),
  })
  await fc.assert(
    fc.asyncProperty(parity, async ({ length, modulus }) => {
      // Not monotone: more steps may fail less, as in life.
      const fails: Question = (plan) =>
        plan.steps.length > 0 && plan.steps.length % modulus === length % modulus
      const first = await shrink(planWith(numbered(length)), fails)
      const again = await shrink(planWith(numbered(length)), fails)
      expect(again).toEqual(first)
      const without = first.plan.steps.map((_, at) => ({
        ...first.plan,
        steps: first.plan.steps.toSpliced(at, 1),
      }))
      expect(without.filter(fails)).toEqual([])
      expect(first.minimal).toBe(true)
    }),
  )
})

test('[T8.1] a plan that fails with nothing in it is shrunk to nothing', async () => {
  const { plan } = await shrink(planWith([pass(1), write('a', 'x')]), () => true)
  expect(plan.steps).toEqual([])
  expect(plan.devices).toHaveLength(1)
  expect(plan.servers).toBe(1)
})

test('[T8.1] devices and servers go with the steps that name them', async () => {
  const steps: Step[] = [
    write('a', 'x'),
    write('b', 'x'),
    { kind: 'kill server', server: 0, moment: 'before', statement: 1 },
    { kind: 'kill server', server: 2, moment: 'before', statement: 1 },
  ]
  // A part of the world that is there keeps all of its steps: only dropping both at once is a failure still.
  const whole: Question = ({ devices, servers, steps: left }) =>
    left.some((step) => step.kind === 'write' && step.device === 'b') &&
    left.some((step) => step.kind === 'kill server' && step.server === 0) &&
    devices.some(({ name }) => name === 'a') ===
      left.some((step) => 'device' in step && step.device === 'a') &&
    servers > 2 === left.some((step) => step.kind === 'kill server' && step.server === 2)
  const { plan } = await shrink(planWith(steps), whole)
  expect(plan.devices.map(({ name }) => name)).toEqual(['b'])
  expect(plan.servers).toBe(1)
  expect(plan.steps).toEqual([steps[1], steps[2]])
})

test('[T8.1] what is left is made simpler: weather, time, statements, skew', async () => {
  const weather = { ...FAIR, requestLost: 0.2, responseLost: 0.3, delayMs: 900 }
  const devices = [{ name: 'a', user: 'ada', skewMs: 5000 }]
  const steps: Step[] = [
    { kind: 'weather', device: 'a', weather },
    pass(60_000),
    write('a', 'one', 'two', 'three'),
  ]
  const fails: Question = ({ steps: left }) =>
    left.some((step) => step.kind === 'weather' && step.weather.responseLost > 0) &&
    left.some((step) => step.kind === 'pass' && step.ms >= 100) &&
    left.some((step) => step.kind === 'write' && step.write.statements.some(({ sql }) => sql === 'two'))
  const { plan } = await shrink(planWith(steps, { devices }), fails)
  expect(plan.devices).toEqual([{ name: 'a', user: 'ada', skewMs: 0 }])
  expect(plan.steps).toEqual([
    { kind: 'weather', device: 'a', weather: { ...FAIR, responseLost: 0.3 } },
    pass(150),
    write('a', 'two'),
  ])
})

test('[T8.1] a step that a simpler step has made superfluous goes, too', async () => {
  const steps = [pass(1000), write('a', 'one', 'two')]
  const fails: Question = ({ steps: left }) => {
    const writes = left.flatMap((step) => (step.kind === 'write' ? step.write.statements : []))
    return writes.length === 1 || left.length === 2
  }
  expect((await shrink(planWith(steps), fails)).plan.steps).toHaveLength(1)
})

test('[T8.1] it stops after so many attempts, says so, and what it has still fails', async () => {
  let runs = 0
  const fails: Question = (plan) => {
    runs += 1
    return numbers(plan).includes(17)
  }
  const { plan, attempts, minimal } = await shrink(planWith(numbered(200)), fails, 5)
  expect([runs, attempts, minimal]).toEqual([5, 5, false])
  expect(numbers(plan)).toContain(17)
  expect(plan.steps.length).toBeLessThan(200)
})

test('[T8.1] no plan is run twice', async () => {
  const seen: string[] = []
  const fails: Question = (plan) => {
    seen.push(formatPlan(plan))
    return plan.steps.length > 2
  }
  await shrink(planWith(EVERY_STEP), fails)
  expect(new Set(seen).size).toBe(seen.length)
})

describe('forms of one step', () => {
  test.each(EVERY_STEP.map((step) => [step.kind, step] as const))(
    '[T8.1] %s: its forms are other steps of its kind, and come to an end',
    (kind, step) => {
      const seen = new Set([JSON.stringify(step)])
      const open = [step]
      for (let next = open.pop(); next !== undefined; next = open.pop())
        for (const form of simplerSteps(next)) {
          expect(form.kind).toBe(kind)
          expect(form).not.toEqual(next)
          if (!seen.has(JSON.stringify(form))) open.push(form)
          seen.add(JSON.stringify(form))
        }
      expect(seen.size).toBeLessThan(100)
    },
  )

  test('[T8.1] a write that must be refused keeps the statement that is the reason', () => {
    const refused: Step = {
      kind: 'write',
      device: 'a',
      write: {
        label: null,
        refused: true,
        statements: ['one', 'two', 'bad'].map((sql) => ({ sql, params: [] })),
      },
    }
    const forms = simplerSteps(refused).flatMap((form) => (form.kind === 'write' ? [form.write] : []))
    expect(forms.map(({ statements }) => statements.map(({ sql }) => sql))).toEqual([
      ['bad'],
      ['two', 'bad'],
      ['one', 'bad'],
    ])
    expect(forms.every((form) => form.refused)).toBe(true)
  })

  test('[T8.1] time keeps its direction', () => {
    const jump: Step = { kind: 'clock jump', device: 'a', ms: -1000 }
    expect(simplerSteps(jump).map((form) => 'ms' in form && form.ms)).toEqual([-1, -100, -500])
    expect(simplerSteps(pass(1))).toEqual([])
  })
})
