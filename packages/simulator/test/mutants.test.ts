/** The planted bugs fit the code they are planted into. That the simulator sees them, `npm run mutants` shows. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { createBundleFolder, writeBundle } from '../run/mutants/bundle.ts'
import { MUTANTS } from '../run/mutants/list.ts'
import { type Mutant, plant } from '../run/mutants/mutant.ts'

const SPEC = 'packages/protocol/SPEC.md'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

test('[T9] every planted bug still fits the code', () => {
  const misfits = MUTANTS.flatMap((mutant) => {
    try {
      return plant(mutant, read(mutant.file)) === read(mutant.file) ? `${mutant.name} changes nothing` : []
    } catch (error) {
      return String(error)
    }
  })
  expect(misfits).toEqual([])
})

test('[T9] the planted bugs are many, and each has a name, a promise and a reason', () => {
  const names = new Set(MUTANTS.map(({ name }) => name))
  expect(names.size).toBe(MUTANTS.length)
  expect(MUTANTS.length).toBeGreaterThanOrEqual(30)
  const spec = read(SPEC)
  const unfounded = MUTANTS.filter(({ promise, why }) => !spec.includes(`- **${promise}** `) || why === '')
  expect(unfounded).toEqual([])
})

const mutant: Mutant = {
  name: 'planted',
  file: 'packages/protocol/src/policy.ts',
  find: "if (facts.currentIsOld) return 'write'",
  replace: "if (facts.currentIsOld) return 'nothing'",
  promise: 'P3',
  why: 'nothing is ever written',
}

test.each([
  ['gone', "if (facts.currentIsYoung) return 'write'"],
  ['there twice', "return 'write'"],
  ['empty', ''],
])('[T9] a bug whose text is %s is refused', (_, find) => {
  expect(() => plant({ ...mutant, find }, read(mutant.file))).toThrow('planted: its text is')
})

test('[T9] a bundle has the bug in it, and one that does not use its file is refused', async () => {
  const folder = createBundleFolder(root)
  try {
    const entry = join(root, mutant.file)
    await writeBundle({ root, entry, file: join(folder, 'planted.mjs'), mutant })
    await writeBundle({ root, entry, file: join(folder, 'clean.mjs'), mutant: null })
    expect(await decide(join(folder, 'planted.mjs'))).toBe('nothing')
    expect(await decide(join(folder, 'clean.mjs'))).toBe('write')
    const elsewhere = { ...mutant, file: 'packages/protocol/src/hlc.ts' }
    await expect(
      writeBundle({ root, entry, file: join(folder, 'unused.mjs'), mutant: elsewhere }),
    ).rejects.toThrow('the bundle does not use packages/protocol/src/hlc.ts')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

async function decide(bundle: string): Promise<unknown> {
  const { decideColumn } = (await import(/* @vite-ignore */ pathToFileURL(bundle).href)) as {
    decideColumn(policy: string, facts: { currentIsOld: boolean }): unknown
  }
  return decideColumn('last-write', { currentIsOld: true })
}
