/**
 * End-to-end tests in a real Chromium, against the built app and a real Postgres. The specs start the app themselves
 * (apps/fieldbook/e2e), so that they can stop it, too.
 */
import { defineConfig } from '@playwright/test'
import { chromiumArgs, findChromium } from './packages/testkit/src/chromium.ts'

// Every worker process loads this file; the first search serves them all.
const executablePath = process.env['LANDFALL_TEST_CHROMIUM'] ?? announced(findChromium())
process.env['LANDFALL_TEST_CHROMIUM'] = executablePath

function announced(found: { path: string; description: string }): string {
  console.log(found.description)
  return found.path
}

export default defineConfig({
  testDir: 'apps/fieldbook/e2e',
  testMatch: '*.spec.ts',
  outputDir: 'test-results/e2e',
  globalSetup: './packages/testkit/run/global-setup.ts',
  workers: 1,
  forbidOnly: true,
  retries: 0,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [['list']],
  use: {
    browserName: 'chromium',
    headless: true,
    trace: 'retain-on-failure',
    launchOptions: { executablePath, args: chromiumArgs() },
  },
})
