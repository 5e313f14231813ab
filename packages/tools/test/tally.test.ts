import { expect, test } from 'vitest'
import { playwrightTally, vitestTally } from '../run/tally.mjs'

const vitest = { numPassedTests: 3, numFailedTests: 0, numPendingTests: 0, numTodoTests: 0, testResults: [] }
const playwright = { stats: { expected: 2, unexpected: 0, flaky: 0, skipped: 0 } }

test.each([
  ['all passed', 0, vitest, { passed: 3, failed: 0 }],
  ['a failure', 1, { ...vitest, numFailedTests: 2 }, { passed: 3, failed: 2 }],
  ['a skipped test', 0, { ...vitest, numPendingTests: 1 }, { passed: 3, failed: 1 }],
  [
    'a file that did not load',
    1,
    { ...vitest, testResults: [{ status: 'failed', assertionResults: [] }] },
    { passed: 3, failed: 1 },
  ],
  ['an unhandled error', 1, vitest, { passed: 3, failed: 1 }],
  ['no test at all', 0, { ...vitest, numPassedTests: 0 }, { passed: 0, failed: 1 }],
  ['no report', 0, undefined, { passed: 0, failed: 1 }],
])('[T3] Vitest is counted whole: %s', (_, status, report, expected) => {
  expect(vitestTally(status, report)).toMatchObject(expected)
})

test.each([
  ['all passed', 0, playwright, { passed: 2, failed: 0 }],
  ['a flaky test', 0, { stats: { ...playwright.stats, flaky: 1 } }, { passed: 2, failed: 1 }],
  ['a skipped test', 0, { stats: { ...playwright.stats, skipped: 1 } }, { passed: 2, failed: 1 }],
  ['a setup that failed', 1, playwright, { passed: 2, failed: 1 }],
  ['no report', 1, undefined, { passed: 0, failed: 1 }],
])('[T3] Playwright is counted whole: %s', (_, status, report, expected) => {
  expect(playwrightTally(status, report)).toMatchObject(expected)
})
