/**
 * Puts SQLite's Node glue, its wasm file and its types into what the compiler wrote, over `build.js`: what is installed
 * from npm stands on no SQLite package. Run after the compiler; run twice it writes the same.
 */
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const here = dirname(fileURLToPath(import.meta.url))
const out = join(here, 'dist/adapters/sqlite')
const wasm = fileURLToPath(import.meta.resolve('@sqlite.org/sqlite-wasm/sqlite3.wasm'))

const bundle = await rolldown({ input: join(here, 'src/adapters/sqlite/build.ts'), platform: 'node' })
await bundle.write({ file: join(out, 'build.js'), format: 'esm', minify: true })
await bundle.close()
rmSync(join(out, 'build.js.map'), { force: true }) // the compiler's, of what stood here before

copyFileSync(wasm, join(out, 'sqlite3.wasm'))
copyFileSync(join(dirname(wasm), 'index.d.mts'), join(out, 'sqlite-wasm.d.ts'))
const types = join(out, 'build.d.ts')
writeFileSync(
  types,
  readFileSync(types, 'utf8').replace("from '@sqlite.org/sqlite-wasm'", "from './sqlite-wasm.js'"),
)
