/**
 * The `prepack` of each public package: builds it from nothing. The compiler leaves what it once wrote from a file that
 * has been moved or deleted, and it would be published with the rest.
 */
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'

for (const built of ['dist', 'tsconfig.tsbuildinfo']) rmSync(built, { recursive: true, force: true })
for (const command of ['tsc -b', 'npm run --if-present bundle']) {
  const { status } = spawnSync(command, { shell: true, stdio: ['ignore', process.stderr, process.stderr] })
  if (status !== 0) process.exit(1)
}
