/** The linter's configuration refuses what the rules of the house refuse. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'landfall-lint-'))
afterAll(() => rmSync(folder, { recursive: true }))

function lint(files: Record<string, string>): string {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const paths = Object.keys(files).map((name) => join(folder, name))
  const run = spawnSync(
    join(root, 'node_modules/.bin/oxlint'),
    ['-c', join(root, '.oxlintrc.json'), '--type-aware', '--format=unix', ...paths],
    { cwd: folder, encoding: 'utf8' },
  )
  return run.stdout + run.stderr
}

test.each([
  ['no-explicit-any', 'export const f = (a: any): unknown => a\n'],
  ['no-non-null-assertion', 'export const f = (a?: string): string => a!\n'],
  ['no-default-export', 'export default 1\n'],
  ['max-params', 'export const f = (a: 1, b: 2, c: 3, d: 4): number => a + b + c + d\n'],
  [
    'no-floating-promises',
    'declare const f: () => Promise<void>\nexport const g = (): void => {\n  f()\n}\n',
  ],
  ['expect-expect', "import { test } from 'vitest'\ntest('x', () => {\n  Number(1)\n})\n"],
])('[T4.8] the linter refuses %s', (rule, code) => {
  expect(lint({ 'planted.ts': code })).toContain(rule)
})

test('[T4.8] the linter refuses import cycles, of types too', () => {
  const a = "import { b } from './b.ts'\nexport const a = (): unknown => b\nexport type A = 1\n"
  const b = "import type { A } from './a.ts'\nexport const b: A = 1\n"
  expect(lint({ 'a.ts': a, 'b.ts': b })).toContain('no-cycle')
})

test('[T4.8] the linter accepts tidy code', () => {
  expect(lint({ 'fine.ts': 'export const f = (a: string): string => a\n' })).not.toContain('fine.ts')
})
