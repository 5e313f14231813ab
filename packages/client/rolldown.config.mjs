/**
 * Bundles the worker into one file beside `sqlite3.wasm`, over what the compiler wrote.
 *
 * Apps' bundlers take a worker that is complete in itself as it stands. The only URL in it that they must see is that
 * of the wasm file; SQLite's own workers, which Landfall never starts, would be errors to some of them.
 */
import { copyFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const dist = join(dirname(fileURLToPath(import.meta.url)), 'dist')
const wasm = createRequire(import.meta.url).resolve('@sqlite.org/sqlite-wasm/sqlite3.wasm')

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
  input: join(dist, 'worker-entry.js'),
  platform: 'browser',
  output: { file: join(dist, 'worker.js'), format: 'esm', minify: true, codeSplitting: false },
  plugins: [sqliteFiles],
}
