/** Bundles the bench's page and workers for the browser, as an app's bundler would, with sqlite3.wasm beside them. */
import { copyFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const ENTRIES = ['page', 'worker', 'client-worker']

export async function bundlePage(folder: string): Promise<void> {
  const input = Object.fromEntries(ENTRIES.map((name) => [name, path(`../browser/${name}.js`)]))
  const resolve = { conditionNames: ['@landfall/source', 'import', 'browser', 'default'] } // the engine's dist is Node's
  const bundle = await rolldown({ input, platform: 'browser', logLevel: 'warn', resolve })
  await bundle.write({ dir: folder, format: 'esm', entryFileNames: '[name].js', minify: true })
  await bundle.close()
  copyFileSync(wasmFile(), join(folder, 'sqlite3.wasm'))
}

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

function wasmFile(): string {
  return createRequire(import.meta.url).resolve('@sqlite.org/sqlite-wasm/sqlite3.wasm')
}
