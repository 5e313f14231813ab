/** Packs the public packages as they are built, as `npm publish` would. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const PACKAGES = ['protocol', 'schema', 'engine', 'client', 'server', 'react', 'testkit']

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
/** What the bundles write last; without it a package would be packed half built. */
const BUILT = ['engine/dist/adapters/sqlite/sqlite3.wasm', 'client/dist/worker.js', 'react/dist/styles.css']

export type Packed = { tarballs: { [name: string]: string }; remove(): void }

export function packAll(): Packed {
  const missing = BUILT.filter((file) => !existsSync(join(ROOT, 'packages', file)))
  if (missing.length > 0) throw new Error(`${missing.join()} is not built: run npm run build first.`)
  const folder = mkdtempSync(join(tmpdir(), 'landfall-packed-'))
  const workspaces = PACKAGES.flatMap((name) => ['--workspace', `packages/${name}`])
  const options = ['--ignore-scripts', '--json', '--pack-destination', folder]
  const listed = execFileSync('npm', ['pack', ...workspaces, ...options], { cwd: ROOT, encoding: 'utf8' })
  const files = Object.values(JSON.parse(listed) as { name: string; filename: string }[])
  return {
    tarballs: Object.fromEntries(files.map(({ name, filename }) => [name, join(folder, filename)])),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** The version of a package that the repository itself stands on. */
export function versionOf(name: string): string {
  const manifest = readFileSync(join(ROOT, 'node_modules', name, 'package.json'), 'utf8')
  return (JSON.parse(manifest) as { version: string }).version
}
