/** `npm run mutants`. Node runs no TypeScript before version 22: the runner (`mutants/run-mutants.ts`) is bundled first. */
import { mkdtempSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { rolldown } from 'rolldown'

const here = dirname(fileURLToPath(import.meta.url))
const root = join(here, '../../..')

async function load() {
  // Beside rolldown itself, which the runner imports.
  const folder = mkdtempSync(join(root, 'node_modules/.landfall-'))
  try {
    const file = join(folder, 'main.mjs')
    const bundle = await rolldown({
      input: join(here, 'mutants/run-mutants.ts'),
      platform: 'node',
      external: /^[^./]/,
    })
    await bundle.write({ file, format: 'esm' })
    await bundle.close()
    return await import(pathToFileURL(file).href)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

const { main } = await load()
process.exitCode = await main(root, process.argv.slice(2))
