/** Installs system packages by apt-get, as root on Debian and its kin; says what went wrong where it cannot. */
import { spawnSync } from 'node:child_process'

const LIMIT_MS = 600_000

export function aptInstall(packages: string[]): void {
  // A list that could not be fetched matters only if a package is missing then, which the install tells.
  runApt(['update'])
  const install = runApt(['install', '-y', '--no-install-recommends', ...packages])
  if (install.status !== 0)
    throw new Error(
      `apt-get install ${packages.join(' ')} failed: ${install.error?.message ?? install.stderr.slice(-500)}`,
    )
}

function runApt(args: string[]) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return spawnSync('apt-get', args, { env, encoding: 'utf8', timeout: LIMIT_MS })
}
