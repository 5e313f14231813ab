/** Tests of the packages as npm would publish them: packed, installed in a folder of their own, used as the README says. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { conditions: ['@landfall/source', 'node'] },
  ssr: {
    resolve: { conditions: ['@landfall/source', 'node'], externalConditions: ['@landfall/source', 'node'] },
  },
  test: {
    root: import.meta.dirname,
    include: ['*.test.ts'],
    globalSetup: ['packed-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
})
