/**
 * Counts a runner's JSON report: what passed, what failed, and a note for people. Pure, so that it can be tested.
 *
 * A skipped test is a failure: who skips does not know. So is a run without tests, and one whose exit status says that
 * something failed which no test shows (a setup, an unhandled error).
 */

/**
 * @typedef {{ passed: number, failed: number, note: string }} Tally
 * @typedef {{ status: string, assertionResults: unknown[] }} VitestFile
 * @typedef {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests: number,
 *   testResults: VitestFile[] }} VitestReport
 * @typedef {{ stats: { expected: number, unexpected: number, flaky: number, skipped: number } }} PlaywrightReport
 */

/**
 * @param {number} status the exit status
 * @param {VitestReport | undefined} report of the `json` reporter, if there is one
 * @returns {Tally}
 */
export function vitestTally(status, report) {
  if (!report) return nothing('Vitest left no report')
  const brokenFiles = report.testResults.filter(
    (f) => f.status === 'failed' && !f.assertionResults.length,
  ).length
  return settle(status, {
    passed: report.numPassedTests,
    failed: report.numFailedTests + brokenFiles,
    skipped: report.numPendingTests + report.numTodoTests,
  })
}

/**
 * @param {number} status the exit status
 * @param {PlaywrightReport | undefined} report of the `json` reporter, if there is one
 * @returns {Tally}
 */
export function playwrightTally(status, report) {
  if (!report) return nothing('Playwright left no report')
  const { expected, unexpected, flaky, skipped } = report.stats
  return settle(status, { passed: expected, failed: unexpected + flaky, skipped })
}

function settle(status, { passed, failed, skipped }) {
  const notes = skipped > 0 ? [`${skipped} skipped, counted as failed`] : []
  if (passed + failed + skipped === 0) notes.push('no test was found')
  else if (status !== 0 && failed + skipped === 0) notes.push('the runner failed outside its tests')
  const outside = notes.length > 0 && skipped === 0 ? 1 : 0
  return { passed, failed: failed + skipped + outside, note: notes.join('; ') }
}

function nothing(note) {
  return { passed: 0, failed: 1, note }
}
