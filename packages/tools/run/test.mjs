/**
 * `npm test`: every check there is, in order, in one run.
 *
 * Types, lint, format, unused code and builds count as one check each; Vitest's and Playwright's tests are counted from their JSON
 * reports, since only those tell skipped from passed. A skipped test, a runner that found no test and a runner that
 * failed for a reason no test shows are failures, too. The last line is `N passed, N failed`.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { playwrightTally, vitestTally } from './tally.mjs'

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const reports = join(root, 'test-results/reports')

const PACKED = 'apps/packed/vitest.config.ts'

const steps = [
  check('types', ['tsc', '-b']),
  check('lint', ['oxlint', '--type-aware', '--deny-warnings']),
  check('format', ['biome', 'format', '.']),
  check('unused code and dependencies', ['knip', '--no-progress', '--no-config-hints']),
  tests('unit, contract and Postgres tests', {
    command: ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile=${report('vitest')}`],
    report: report('vitest'),
    tally: vitestTally,
  }),
  tests('server tests on Postgres 18', {
    command: [
      'vitest',
      'run',
      'packages/server',
      '--reporter=default',
      '--reporter=json',
      `--outputFile=${report('postgres-18')}`,
    ],
    // Whatever server the rest runs on, this one is of the newest version that the registry has.
    env: { LANDFALL_POSTGRES: 'npm', DATABASE_URL: '' },
    report: report('postgres-18'),
    tally: vitestTally,
  }),
  check('bundles', ['npm', 'run', '--silent', 'bundle', '--workspaces', '--if-present']),
  check('page', ['npm', 'run', '--silent', 'build:page', '--workspace', '@landfall/fieldbook']),
  tests('packed packages', {
    command: [
      'vitest',
      'run',
      '--config',
      PACKED,
      '--reporter=default',
      '--reporter=json',
      `--outputFile=${report('packed')}`,
    ],
    report: report('packed'),
    tally: vitestTally,
  }),
  tests('end-to-end tests', {
    command: ['playwright', 'test', '--reporter=list,json'],
    env: { PLAYWRIGHT_JSON_OUTPUT_FILE: report('playwright') },
    report: report('playwright'),
    tally: playwrightTally,
  }),
]

function check(name, command) {
  return { name, run: () => (execute(command) === 0 ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 }) }
}

function tests(name, { command, env, report: file, tally }) {
  return { name, run: () => tally(execute(command, env), readReport(file)) }
}

function report(runner) {
  return join(reports, `${runner}.json`)
}

function readReport(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}

/** Runs one of the repository's own tools, shows what it prints, and gives its exit status. */
function execute([command, ...args], env = {}) {
  const path = `${join(root, 'node_modules/.bin')}:${process.env.PATH}`
  const run = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...env, PATH: path },
  })
  if (run.error) console.error(`${command} could not be started: ${run.error.message}. Run npm ci first.`)
  return run.status ?? 1
}

function main() {
  rmSync(reports, { recursive: true, force: true })
  mkdirSync(reports, { recursive: true })
  const results = steps.map(({ name, run }) => {
    console.log(`\n== ${name}`)
    return { name, ...run() }
  })
  console.log('\n== results')
  for (const { name, passed, failed, note } of results)
    console.log(
      `${failed === 0 ? 'ok  ' : 'FAIL'} ${name}: ${passed} passed, ${failed} failed${note ? ` (${note})` : ''}`,
    )
  const passed = results.reduce((sum, result) => sum + result.passed, 0)
  const failed = results.reduce((sum, result) => sum + result.failed, 0)
  console.log(`${passed} passed, ${failed} failed`)
  process.exitCode = failed === 0 ? 0 : 1
}

main()
