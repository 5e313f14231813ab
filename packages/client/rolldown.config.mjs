/**
 * Bundles the worker into one file beside `sqlite3.wasm`, from the sources: the engine's `dist` is Node's.
 *
 * Apps' bundlers take a worker that is complete in itself as it stands. The only URL in it that they must see is that
 * of the wasm file; SQLite's own workers, which Landfall never starts, would be errors to some of them.
 */
import { copyFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const dist = join(here, 'dist')
const wasm = fileURLToPath(import.meta.resolve('@sqlite.org/sqlite-wasm/sqlite3.wasm'))

const UNUSED_WORKERS =
  /new URL\((["'`])sqlite3-(?:opfs-async-proxy\.js|worker1\.mjs)\1, *import\.meta\.url\)/g
const RELATIVE_URL = /new URL\(["'`]([^"'`]*)["'`], *import\.meta\.url\)/g

const sqliteFiles = {
  name: 'sqlite-files',
  transform: (code, id) =>
    id.includes('@sqlite.org') ? code.replaceAll(UNUSED_WORKERS, "new URL('about:blank')") : null,
  generateBundle(_, bundle) {
    for (const chunk of Object.values(bundle)) {
      const found = [...new Set([...(chunk.code ?? '').matchAll(RELATIVE_URL)].map(([, file]) => file))]
      if (found.join() !== 'sqlite3.wasm')
        this.error(`the worker refers to ${found.join() || 'no file'}, expected sqlite3.wasm alone`)
    }
  },
  writeBundle: () => copyFileSync(wasm, join(dist, 'sqlite3.wasm')),
}

export default {
  input: join(here, 'src/worker-entry.ts'),
  platform: 'browser',
  resolve: { conditionNames: ['@landfall/source', 'import', 'browser', 'default'] },
  output: {
    file: join(dist, 'worker.js'),
    format: 'esm',
    minify: true,
    codeSplitting: false,
    footer: 'export {}', // says that it is a module to whoever guesses by the text
  },
  plugins: [sqliteFiles],
}
