/**
 * A small Vite plugin: writes a brotli and a gzip copy beside each built text and wasm file, which the server sends
 * where the browser takes them. Done once here instead of at every request: sqlite3.wasm alone shrinks by half.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import type { Plugin } from 'vite'

const COMPRESSIBLE = /\.(js|css|wasm|svg)$/
/** One below the slowest: the last step costs ten times the time for one per cent. */
const QUALITY = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }

export function compress(): Plugin {
  return {
    name: 'fieldbook-compress',
    apply: 'build',
    writeBundle({ dir }, bundle) {
      if (dir === undefined) return
      for (const name of Object.keys(bundle).filter((file) => COMPRESSIBLE.test(file))) {
        const bytes = readFileSync(join(dir, name))
        writeFileSync(join(dir, `${name}.br`), brotliCompressSync(bytes, QUALITY))
        writeFileSync(join(dir, `${name}.gz`), gzipSync(bytes))
      }
    },
  }
}
