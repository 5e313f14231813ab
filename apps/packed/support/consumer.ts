/**
 * Somebody else's project: a folder outside the repository, with Landfall's tarballs and what its README tells to
 * install, by npm.
 *
 * Dependencies are named as in a package.json, all at once: the tarballs need each other, and only together does npm
 * look for none of them in its registry.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export type Consumer = {
  folder: string
  /** What npm printed while it installed. */
  installed: string
  write(file: string, text: string): void
  /** A command of the project, run to its end; fails with what it printed. */
  run(command: string, ...args: string[]): string
  remove(): void
}

export type ConsumerOptions = {
  tarballs: { [name: string]: string }
  /** The Landfall packages it installs. */
  packages: string[]
  /** Other packages, with their versions. */
  dependencies?: { [name: string]: string }
  /** A folder beside this one whose files it begins with. */
  template?: string
}

export function createConsumer({ tarballs, packages, ...options }: ConsumerOptions): Consumer {
  const folder = mkdtempSync(join(tmpdir(), 'landfall-consumer-'))
  const run = (command: string, ...args: string[]): string => execute(folder, command, args)
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(folder, file)), { recursive: true })
    writeFileSync(join(folder, file), text)
  }
  const ours = Object.fromEntries(packages.map((name) => [name, `file:${tarballs[name]}`]))
  const dependencies = { ...ours, ...options.dependencies }
  if (options.template !== undefined)
    cpSync(fileURLToPath(new URL(`../${options.template}`, import.meta.url)), folder, { recursive: true })
  write('package.json', JSON.stringify({ name: 'orders', private: true, type: 'module', dependencies }))
  const installed = run('npm', 'install', '--no-audit', '--no-fund', '--prefer-offline')
  return { folder, installed, write, run, remove: () => rmSync(folder, { recursive: true, force: true }) }
}

function execute(cwd: string, command: string, args: string[]): string {
  const path = `${join(cwd, 'node_modules/.bin')}:${process.env['PATH']}`
  // What the test runner sets for itself is nobody else's.
  const { NODE_ENV: _, NODE_OPTIONS: __, ...rest } = process.env
  const run = spawnSync(command, args, { cwd, encoding: 'utf8', env: { ...rest, PATH: path } })
  const printed = `${run.stdout}${run.stderr}`
  if (run.status !== 0) throw new Error(`${command} ${args.join(' ')} failed (${run.status}):\n${printed}`)
  return printed
}
