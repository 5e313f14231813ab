/** Sums over many outcomes. */
import { expect, test } from 'vitest'
import type { Outcome } from '../src/story/outcome.ts'
import { EMPTY_REPORT, mergeReports, reportOf, reportText, violatedSeeds } from '../src/story/report.ts'
import { FAULTS } from '../src/story/faults.ts'
import { outcomeWith, violated } from './support/samples.ts'

const reportOver = (outcomes: Outcome[]) => outcomes.map(reportOf).reduce(mergeReports, EMPTY_REPORT)

const OUTCOMES = [
  outcomeWith({ seed: 1, steps: 300, virtualMs: 1_800_000, faults: { offline: 2, quota: 1 } }),
  outcomeWith({
    seed: 3,
    steps: 200,
    virtualMs: 3_600_000,
    faults: { offline: 1 },
    violations: [violated('P3')],
  }),
  outcomeWith({ seed: 2, violations: [violated('P3'), violated('P3'), violated('P9')] }),
]

test('[T8.5] faults with their seeds, violations by promise, what never fired, how fast it was', () => {
  const text = reportText(reportOver(OUTCOMES), 60_000)
  const never = FAULTS.filter((kind) => !['offline', 'quota'].includes(kind))
  expect(text).toBe(`3 seeds, 503 steps, 1.50 virtual hours, 3 seeds a minute

fault                       times       seeds
offline                         3           2
quota                           1           1
never fired: ${never.join(', ')}

VIOLATED P3 in 2 seeds: 2, 3
VIOLATED P9 in 1 seed: 2
digest of all stories: 000000000242ffca
`)
})

test('[T8.5] parts may be merged in any order', () => {
  const whole = reportOver(OUTCOMES)
  expect(reportOver(OUTCOMES.toReversed())).toEqual(whole)
  expect(mergeReports(reportOver(OUTCOMES.slice(1)), reportOver(OUTCOMES.slice(0, 1)))).toEqual(whole)
  expect(violatedSeeds(whole)).toEqual([2, 3])
})

test('[T8.5] every kind fired, nothing violated', () => {
  const faults = Object.fromEntries(FAULTS.map((kind) => [kind, 1]))
  const text = reportText(reportOver([outcomeWith({ faults })]), 1)
  expect(text).toContain('never fired: none\n')
  expect(text).toContain('nothing violated\n')
})

test('[T8.5] of many seeds the first are named', () => {
  const outcomes = Array.from({ length: 1234 }, (_, seed) =>
    outcomeWith({ seed, violations: [violated('P1')] }),
  )
  expect(reportText(reportOver(outcomes), 1)).toContain(
    'VIOLATED P1 in 1,234 seeds: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, and 1,214 more',
  )
})
