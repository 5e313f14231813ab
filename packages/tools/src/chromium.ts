/**
 * Finds a Chromium that really runs, and installs one where that is possible.
 *
 * Order: CHROMIUM_PATH, Playwright's own, an installed Chrome or Chromium, `playwright install chromium`, `apt-get
 * install chromium` as root on Debian. A candidate is believed only once it has started and printed a page: a missing
 * system library shows only then.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { aptInstall } from './apt.ts'

export type Chromium = { path: string; args: string[]; version: string; description: string }

type Source = { path: string; how: string }

const ARGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome']
const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'
const INSTALL_LIMIT_MS = 300_000
const START_LIMIT_MS = 60_000

const CURE =
  'Install Chrome or Chromium (Debian: `apt-get install chromium`), or name one in CHROMIUM_PATH, then run again.'

/** The flags that tests and benches start Chromium with; root has no sandbox. */
export function chromiumArgs(): string[] {
  return process.getuid?.() === 0 ? [...ARGS, '--no-sandbox'] : ARGS
}

export function findChromium(): Chromium {
  const given = process.env['CHROMIUM_PATH']
  if (given)
    return started({ path: given, how: 'named by CHROMIUM_PATH' }) ?? fail(`${given} does not start.`)
  const present = firstStarted([...playwrightsOwn(), ...installed()])
  if (present) return present
  return (
    installByPlaywright() ??
    installByApt() ??
    fail('No Chromium that starts was found or could be installed.')
  )
}

function fail(what: string): never {
  throw new Error(`${what} ${CURE}`)
}

function firstStarted(sources: Source[]): Chromium | undefined {
  for (const source of sources) {
    const chromium = started(source)
    if (chromium) return chromium
  }
  return undefined
}

function started({ path, how }: Source): Chromium | undefined {
  if (!existsSync(path)) return undefined
  const profile = mkdtempSync(join(tmpdir(), 'landfall-chromium-'))
  const args = chromiumArgs()
  const flags = [
    ...args,
    '--headless',
    `--user-data-dir=${profile}`,
    '--dump-dom',
    'data:text/html,<p>landfall</p>',
  ]
  const run = spawnSync(path, flags, { encoding: 'utf8', timeout: START_LIMIT_MS })
  rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  if (run.status !== 0 || !run.stdout.includes('<p>landfall</p>')) return undefined
  const version = spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout.trim()
  return { path, args, version, description: `Chromium: ${version}, ${how}, ${path}` }
}

/** Playwright's own browser; its folder is asked for without loading Playwright's test runner. */
function playwrightsOwn(): Source[] {
  const require = createRequire(import.meta.url)
  const { chromium } = require('playwright-core') as { chromium: { executablePath(): string } }
  return [{ path: chromium.executablePath(), how: 'Playwright’s own' }]
}

function installed(): Source[] {
  const paths = NAMES.map((name) => spawnSync('which', [name], { encoding: 'utf8' }).stdout?.trim())
  return [...paths, MAC]
    .filter((path) => path !== undefined && path !== '')
    .map((path) => ({ path, how: 'installed' }))
}

function installByPlaywright(): Chromium | undefined {
  const command = ['playwright', 'install', 'chromium']
  const run = spawnSync('npx', command, { encoding: 'utf8', timeout: INSTALL_LIMIT_MS })
  if (run.status !== 0) return undefined
  return firstStarted(playwrightsOwn().map(({ path }) => ({ path, how: 'installed now by Playwright' })))
}

/** Debian only: Ubuntu's package of this name is an empty wrapper of a snap. */
function installByApt(): Chromium | undefined {
  const system = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  if (process.getuid?.() !== 0 || !/^ID=debian$/m.test(system)) return undefined
  try {
    aptInstall(['chromium', 'fonts-liberation'])
  } catch (error) {
    throw new Error(`No Chromium that starts was found, and none could be installed. ${CURE}`, {
      cause: error,
    })
  }
  return firstStarted(installed().map(({ path }) => ({ path, how: 'installed now by apt-get' })))
}
