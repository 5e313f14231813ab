/** `npm run api`: writes each public package's api.md, by the test that compares it with the sources. */
import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'

const PACKAGES = ['client', 'react', 'server', 'schema', 'testkit']

// A snapshot that is not there yet is compared with nothing, so each file exists before.
for (const name of PACKAGES) {
  const file = `packages/${name}/api.md`
  if (!existsSync(file)) writeFileSync(file, '')
}
const run = spawnSync('npx', ['vitest', 'run', 'packages/tools/test/api.test.ts', '--update'], {
  stdio: 'inherit',
})
process.exitCode = run.status ?? 1
