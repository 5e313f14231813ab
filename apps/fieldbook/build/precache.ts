/**
 * A small Vite plugin: tells the service worker which files the build has made, under a version that is their hash.
 *
 * Vite names its files by content, so the list alone identifies the version, but for the files of `public/` and
 * index.html, whose contents are hashed too.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Plugin } from 'vite'

const WORKER = 'sw.js'

export function precache(publicFolder: string): Plugin {
  return {
    name: 'fieldbook-precache',
    apply: 'build',
    enforce: 'post',
    generateBundle: {
      order: 'post',
      handler(_, bundle) {
        const worker = bundle[WORKER]
        if (worker?.type !== 'chunk') this.error(`the build has no ${WORKER}`)
        const hash = createHash('sha256')
        const built = Object.values(bundle).filter(
          ({ fileName }) => fileName !== WORKER && !fileName.endsWith('.map'),
        )
        for (const file of built)
          hash.update(file.fileName).update(file.type === 'chunk' ? file.code : file.source)
        const own = readdirSync(publicFolder)
        for (const name of own) hash.update(name).update(readFileSync(join(publicFolder, name)))
        const paths = [...built.map(({ fileName }) => fileName), ...own].map((name) => `/${name}`).sort()
        worker.code = worker.code
          .replace(/\b__PRECACHE__\b/, JSON.stringify(paths))
          .replace(/\b__VERSION__\b/, JSON.stringify(hash.digest('hex').slice(0, 16)))
      },
    },
  }
}
