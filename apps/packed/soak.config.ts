/** The bundlers that are too slow for `npm test`; run by `npm run soak`. */
import { defineConfig, mergeConfig } from 'vitest/config'
import config from './vitest.config.ts'

const soak = mergeConfig(config, defineConfig({ test: { maxWorkers: 1, hookTimeout: 600_000 } }))
export default { ...soak, test: { ...soak.test, include: ['soak/*.test.ts'] } }
