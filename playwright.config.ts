/**
 * End-to-end tests in a real Chromium, against the built app and a real Postgres. The specs start the app themselves
 * (apps/fieldbook/e2e), so that they can stop it, too.
 */
import { defineConfig } from '@playwright/test'
import { chromiumArgs } from './packages/tools/src/chromium.ts'

/** Found by the global setup, after which the workers read this file anew. */
const path = process.env['LANDFALL_TEST_CHROMIUM']

export default defineConfig({
  testDir: 'apps/fieldbook/e2e',
  testMatch: '*.spec.ts',
  outputDir: 'test-results/e2e',
  globalSetup: './packages/tools/run/browser-setup.ts',
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
    launchOptions: { ...(path === undefined ? {} : { executablePath: path }), args: chromiumArgs() },
  },
})
