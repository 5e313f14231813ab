/**
 * Finds the programs of an installed Postgres server, and installs it where that is possible.
 *
 * Order: newest of /usr/lib/postgresql, other usual folders, the PATH; then `apt-get install postgresql` as root; then
 * a failure that says what to do. A folder is believed only when its `postgres --version` runs.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

export type Binaries = { folder: string; version: string; found: 'installed' | 'installed now by apt-get' }

const CURE =
  'Set DATABASE_URL to a server where databases may be created, or install Postgres (Debian and Ubuntu: `apt-get install postgresql`; macOS: `brew install postgresql`).'

export function findBinaries(): Binaries {
  const present = findInstalled()
  if (present) return { ...present, found: 'installed' }
  if (process.getuid?.() !== 0) throw new Error(`No Postgres server was found. ${CURE}`)
  installByApt()
  const installed = findInstalled()
  if (!installed) throw new Error(`apt-get installed Postgres, yet no server that runs was found. ${CURE}`)
  return { ...installed, found: 'installed now by apt-get' }
}

function findInstalled(): { folder: string; version: string } | undefined {
  for (const folder of candidateFolders()) {
    const version = serverVersion(folder)
    if (version) return { folder, version }
  }
  return undefined
}

function candidateFolders(): string[] {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : []
  const debian = versions
    .toSorted((a, b) => Number(b) - Number(a))
    .map((v) => join('/usr/lib/postgresql', v, 'bin'))
  const usual = ['/opt/homebrew/bin', '/usr/local/pgsql/bin', '/usr/local/bin', '/usr/bin']
  return [...debian, ...(process.env['PATH'] ?? '').split(delimiter), ...usual].filter(Boolean)
}

function serverVersion(folder: string): string | undefined {
  if (!existsSync(join(folder, 'initdb'))) return undefined
  const run = spawnSync(join(folder, 'postgres'), ['--version'], { encoding: 'utf8' })
  return run.status === 0 ? run.stdout.trim() : undefined
}

function installByApt(): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  for (const args of [['update'], ['install', '-y', '--no-install-recommends', 'postgresql']]) {
    const run = spawnSync('apt-get', args, { env, encoding: 'utf8' })
    if (run.status !== 0)
      throw new Error(
        `apt-get ${args.join(' ')} failed: ${run.error?.message ?? run.stderr.slice(-500)}. ${CURE}`,
      )
  }
}
