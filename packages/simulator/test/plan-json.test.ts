/** Plans in files. */
import { expect, test } from 'vitest'
import { BadInput } from '../src/plan/bad-input.ts'
import { formatPlan, parsePlan } from '../src/plan/plan-json.ts'
import { EVERY_STEP, planWith, write } from './support/samples.ts'

test('[T8.2] every kind of step comes back as it was, one step a line', () => {
  const plan = planWith(EVERY_STEP)
  const text = formatPlan(plan)
  expect(parsePlan(text)).toEqual(plan)
  expect(text.split('\n').filter((line) => line.includes('"kind"'))).toHaveLength(EVERY_STEP.length)
})

test('[T8.2] parameters that JSON has no word for come back exactly', () => {
  const step = write('a', 'select ?')
  const params = [
    9007199254740993n,
    new Uint8Array([0, 255]),
    new Uint8Array(0),
    -0,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    0.1,
    null,
    true,
    '\ud800 {"$bigint": "1"}',
  ]
  if (step.kind === 'write') step.write.statements = [{ sql: 'select ?', params }]
  expect(parsePlan(formatPlan(planWith([step])))).toStrictEqual(planWith([step]))
})

const plan = planWith([])
test.each([
  ['{', 'This is no plan: '],
  ['null', 'an object is expected'],
  [JSON.stringify({ ...plan, seed: undefined }), '"seed" is missing'],
  [JSON.stringify({ ...plan, servers: 0 }), '"servers" is not what it should be'],
  [JSON.stringify({ ...plan, devices: [{ name: 'a' }] }), '"devices" is not what it should be'],
  [
    JSON.stringify({ ...plan, steps: [{ kind: 'upgrade' }, null] }),
    'step 2: there is no kind of step "undefined"',
  ],
  [JSON.stringify({ ...plan, steps: [{ kind: 'toString' }] }), 'step 1: there is no kind of step "toString"'],
  [JSON.stringify({ ...plan, steps: [{ kind: 'pass' }] }), 'step 1: "ms" is missing'],
  [
    JSON.stringify({ ...plan, steps: [{ kind: 'pass', ms: 'long' }] }),
    'step 1: "ms" is not what it should be',
  ],
  [JSON.stringify({ ...plan, steps: [{ kind: 'offline', device: 'z' }] }), 'step 1: there is no device "z"'],
  [
    JSON.stringify({ ...plan, steps: [{ kind: 'weather', device: 'a', weather: {} }] }),
    'step 1: "weather" is not what it should be',
  ],
  ['{"seed": {"$bigint": "x"}}', 'This is no plan: '],
])('[T8.2] refused: %s', (text, reason) => {
  expect(() => parsePlan(text)).toThrow(BadInput)
  expect(() => parsePlan(text)).toThrow(reason)
})
