/**
 * Bundles the simulator with one mutant in it, as a module that Node runs.
 *
 * Workspace packages resolve to their sources (`@landfall/source`), so nothing has to be built and the mutant's text is
 * what stands in the repository. All other packages stay outside: they are found through a link to the repository's own
 * `node_modules` beside the bundles.
 */
import { existsSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { type Plugin, rolldown } from 'rolldown'
import { type Mutant, plant } from './mutant.ts'

const SIMULATOR = ['stage/run', 'sample/sample-app', 'plan/generate', 'stage/environment'].map(
  (name) => `packages/simulator/src/${name}.ts`,
)

/** A new folder for bundles, in which Node finds the repository's packages. */
export function createBundleFolder(root: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'landfall-mutants-'))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir')
  return folder
}

/** Writes a module that runs the simulator. */
export function writeEntry(root: string, folder: string): string {
  for (const file of SIMULATOR)
    if (!existsSync(join(root, file))) throw new Error(`${file} is missing: there is no simulator to run`)
  const from = (path: string): string => JSON.stringify(join(root, path))
  const entry = join(folder, 'entry.mjs')
  writeFileSync(
    entry,
    `${SIMULATOR.map((file, i) => `import * as part${i} from ${from(file)}`).join('\n')}
import { simulate } from ${from('packages/simulator/run/mutants/simulate.ts')}
await simulate({ ${SIMULATOR.map((_, i) => `...part${i}`).join(', ')} })
`,
  )
  return entry
}

export type BundleOptions = { root: string; entry: string; file: string; mutant: Mutant | null }

export async function writeBundle({ root, entry, file, mutant }: BundleOptions): Promise<void> {
  const planting = mutant === null ? null : planter(root, mutant)
  const bundle = await rolldown({
    input: entry,
    platform: 'node',
    resolve: { conditionNames: ['@landfall/source', 'node', 'import', 'default'] },
    external: isOutside,
    plugins: planting === null ? [] : [planting.plugin],
    logLevel: 'warn',
  })
  try {
    await bundle.write({ file, format: 'esm', codeSplitting: false })
  } finally {
    await bundle.close()
  }
  if (planting?.planted() === false)
    throw new Error(`${mutant?.name}: the bundle does not use ${mutant?.file}`)
}

function isOutside(id: string): boolean {
  return !id.startsWith('.') && !isAbsolute(id) && !id.startsWith('@landfall/')
}

function planter(root: string, mutant: Mutant): { plugin: Plugin; planted(): boolean } {
  const target = join(root, mutant.file)
  let done = false
  const plugin: Plugin = {
    name: 'plant-mutant',
    transform(code, id) {
      if (id !== target) return null
      done = true
      return { code: plant(mutant, code), map: null }
    },
  }
  return { plugin, planted: () => done }
}
