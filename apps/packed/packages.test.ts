/** What is in the packages, as tools that know npm's and TypeScript's rules see it. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, inject, test } from 'vitest'
import { PACKAGES } from './support/pack.ts'

const tarballs = inject('tarballs')
const ROOT = fileURLToPath(new URL('../../', import.meta.url))
/** They are no code, so no types belong to them. */
const FILES = ['sqlite3.wasm', 'styles.css']

function tool(command: string, ...args: string[]): { status: number | null; printed: string } {
  const run = spawnSync(`${ROOT}node_modules/.bin/${command}`, args, { encoding: 'utf8' })
  return { status: run.status, printed: `${run.stdout}${run.stderr}` }
}

const tarball = (name: string): string => tarballs[`@landfall/${name}`] ?? ''

test.each(PACKAGES)('[T11] publint finds nothing in @landfall/%s', (name) => {
  const { status, printed } = tool('publint', 'run', tarball(name), '--strict')
  expect(printed).toContain('All good!')
  expect(status).toBe(0)
})

test.each(PACKAGES)('[T11] the types of @landfall/%s are found however it is imported', (name) => {
  const args = [tarball(name), '--profile', 'esm-only', '--exclude-entrypoints', ...FILES]
  const { status, printed } = tool('attw', ...args)
  expect([status, status === 0 ? '' : printed]).toEqual([0, ''])
})

type Manifest = {
  dependencies?: { [name: string]: string }
  peerDependencies?: { [name: string]: string }
  [field: string]: unknown
}

const manifestOf = (name: string): Manifest =>
  JSON.parse(readFileSync(`${ROOT}packages/${name}/package.json`, 'utf8')) as Manifest

test.each(PACKAGES)(
  '[T11] @landfall/%s says what npm and people ask for, and carries the licence',
  (name) => {
    const manifest = manifestOf(name)
    const asked = ['description', 'keywords', 'homepage', 'repository', 'license', 'sideEffects', 'engines']
    expect(asked.filter((field) => manifest[field] === undefined)).toEqual([])
    const unpacked = spawnSync('tar', ['-xzOf', tarball(name), 'package/LICENSE'], {
      encoding: 'utf8',
    }).stdout
    expect(unpacked).toBe(readFileSync(`${ROOT}LICENSE`, 'utf8'))
  },
)

test('[T11] the packages leave React, Drizzle and the heavy parts to the app', () => {
  expect(manifestOf('react').peerDependencies).toEqual({ react: '>=18' })
  for (const name of ['schema', 'client', 'server'])
    expect(manifestOf(name).peerDependencies?.['drizzle-orm']).toBe('>=0.45.2 <0.46')
  const all = PACKAGES.flatMap((name) => Object.keys(manifestOf(name).dependencies ?? {}))
  expect(all.filter((name) => /sqlite|pglite|playwright|drizzle|^react/.test(name))).toEqual([])
})

test('[T11.3] the README tells to install what the app imports', () => {
  const readme = readFileSync(`${ROOT}README.md`, 'utf8')
  const [, line = ''] = /^npm install (@landfall.*)$/m.exec(readme) ?? []
  const files = ['server.ts', 'sync.ts', 'schema.ts', 'src/Orders.tsx', 'src/main.tsx']
  const texts = files.map((file) => readFileSync(`${ROOT}apps/packed/app/${file}`, 'utf8')).join()
  const imported = [...texts.matchAll(/^(?:import|} from) .*?'((?:@[\w-]+\/)?[\w-]+)/gm)].map(
    ([, name]) => name,
  )
  const ofTemplate = ['react', 'react-dom'] // what `npm create vite` installs
  expect(imported.length).toBeGreaterThan(10)
  expect(imported.filter((name = '') => ![...ofTemplate, ...line.split(' ')].includes(name))).toEqual([])
})
