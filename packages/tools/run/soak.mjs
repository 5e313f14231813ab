/**
 * `npm run soak`: the jobs that are too long for `npm test`, whole. `npm run soak -- worlds bundlers --seed 7` runs some
 * of them.
 *
 * A job is a command and what it counts. Those that draw chance get a seed, a new one each time unless told; it is
 * printed first and kept with the result, so that the run can be had again. Results are in soak.json, the newest of each
 * job: commit it after a run that counts.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..')
const RESULTS = join(root, 'packages/tools/run/soak.json')
const MAX_SEED = 1_000_000_000
const SIMULATE = ['node', 'packages/simulator/dist/cli/main.js', 'run']

/** `command` is given the seed. One line each: what the job shows that `npm test` does not. */
const JOBS = {
  bundlers: {
    shows: 'webpack, Rsbuild and Next build the app that npm test builds with Vite',
    command: () => ['vitest', 'run', '--config', 'apps/packed/soak.config.ts'],
  },
  worlds: {
    shows: 'ten thousand worlds, with seeds that nobody has tried, keep every promise',
    seeded: true,
    command: (seed) => [...SIMULATE, '--seeds', '10000', '--from', `${seed}`],
  },
  'worlds on Postgres': {
    shows: 'the same for a thousand worlds whose transactions overlap on a real Postgres',
    seeded: true,
    command: (seed) => [...SIMULATE, '--postgres', 'start', '--seeds', '1000', '--from', `${seed}`],
  },
  mutants: {
    shows: 'every planted bug is found',
    command: () => ['node', 'packages/simulator/run/mutants.mjs'],
  },
}

function execute([command, ...args]) {
  const path = `${join(root, 'node_modules/.bin')}:${process.env.PATH}`
  return spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, PATH: path } }).status
}

function run(name, seed) {
  const { shows, seeded, command } = JOBS[name]
  const words = command(seed)
  console.log(`\n== ${name}: ${shows}${seeded ? `\n   seed ${seed}` : ''}\n   ${words.join(' ')}`)
  const began = Date.now()
  const passed = execute(words) === 0
  const result = {
    passed,
    ...(seeded ? { seed } : {}),
    command: words.join(' '),
    minutes: Number(((Date.now() - began) / 60_000).toFixed(1)),
    on: new Date().toISOString().slice(0, 10),
    commit: execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim(),
    node: process.version,
  }
  keep(name, result)
  return { name, passed }
}

function keep(name, result) {
  const results = { ...JSON.parse(readFileSync(RESULTS, 'utf8')), [name]: result }
  writeFileSync(RESULTS, `${JSON.stringify(results, null, 2)}\n`)
}

function main() {
  const { values, positionals } = parseArgs({ options: { seed: { type: 'string' } }, allowPositionals: true })
  const unknown = positionals.filter((name) => !Object.hasOwn(JOBS, name))
  if (unknown.length > 0) {
    console.error(`No job ${unknown.join(', ')}. There are: ${Object.keys(JOBS).join(', ')}.`)
    return 2
  }
  const seed = values.seed === undefined ? Math.floor(Math.random() * MAX_SEED) : Number(values.seed)
  if (execute(['npm', 'run', '--silent', 'build']) !== 0) return 1
  const names = positionals.length > 0 ? positionals : Object.keys(JOBS)
  const results = names.map((name) => run(name, seed))
  console.log('\n== results')
  for (const { name, passed } of results) console.log(`${passed ? 'ok  ' : 'FAIL'} ${name}`)
  return results.every(({ passed }) => passed) ? 0 : 1
}

process.exitCode = main()
