/**
 * Tests in Node. Workspace packages resolve to their sources by the export condition `@landfall/source`, so that no
 * build is needed; the global setup finds or starts the real Postgres that `createTestDatabase` uses.
 */
import { defineConfig } from 'vitest/config'

const SOURCE = '@landfall/source'

export default defineConfig({
  resolve: { conditions: [SOURCE, 'module', 'node', 'development|production'] },
  ssr: {
    resolve: {
      conditions: [SOURCE, 'module', 'node', 'development|production'],
      externalConditions: [SOURCE, 'node'],
    },
  },
  test: {
    include: ['packages/*/test/**/*.test.{ts,tsx}', 'apps/*/test/**/*.test.{ts,tsx}'],
    globalSetup: ['packages/tools/run/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 180_000,
    teardownTimeout: 20_000,
  },
})
