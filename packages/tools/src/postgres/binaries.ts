/**
 * Finds the programs of an installed Postgres server, and installs it where that is possible.
 *
 * `LANDFALL_POSTGRES=npm` takes the one of the npm registry instead. Order: newest of /usr/lib/postgresql, other usual folders, the PATH; then `apt-get install postgresql` as root; then
 * a failure that says what to do. A folder is believed only when its `postgres --version` runs.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { aptInstall } from '../apt.ts'
import { npmBinaries } from './npm-binaries.ts'

export type Binaries = { folder: string; version: string; found: 'installed' | 'installed now by apt-get' }

const CURE =
  'Set DATABASE_URL to a server where databases may be created, or install Postgres (Debian and Ubuntu: `apt-get install postgresql`; macOS: `brew install postgresql`).'

export function findBinaries(): Binaries {
  if (process.env['LANDFALL_POSTGRES'] === 'npm') return { ...npmBinaries(), found: 'installed' }
  const present = findInstalled()
  if (present) return { ...present, found: 'installed' }
  if (process.getuid?.() !== 0) throw new Error(`No Postgres server was found. ${CURE}`)
  installOrExplain()
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

function installOrExplain(): void {
  try {
    aptInstall(['postgresql'])
  } catch (error) {
    throw new Error(`No Postgres server was found, and none could be installed. ${CURE}`, { cause: error })
  }
}
