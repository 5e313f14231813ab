/** What may stand at the root, what no tracked file may name, and what every workspace has. */
import type { Finding, Repository } from './repository.ts'

const ROOT = new Set([
  '.biome.json',
  '.ci',
  '.gitignore',
  '.npmrc',
  '.oxlintrc.json',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'LICENSE',
  'README.md',
  'apps',
  'docs',
  'package-lock.json',
  'package.json',
  'packages',
  'playwright.config.ts',
  'tsconfig.base.json',
  'tsconfig.json',
  'vitest.config.ts',
])

/** Home and work folders of the machines this is written on; put together here so that this file does not name them. */
const MACHINE_PATHS = ['work', 'root', 'home', 'Users'].map((folder) => `/${folder}/`)
const README_LINES = 60
const ARCHITECTURE_LINES = 400

export function checkLitter(repository: Repository): Finding[] {
  return [
    ...rootLitter(repository),
    ...machineNames(repository),
    ...suppressions(repository),
    ...untypedWorkspaces(repository),
    ...readmes(repository),
  ]
}

function rootLitter({ files }: Repository): Finding[] {
  const entries = new Set([...files.keys()].map((path) => path.split('/')[0] ?? path))
  return [...entries]
    .filter((entry) => !ROOT.has(entry))
    .map((entry) => ({
      rule: 'litter',
      file: entry,
      line: 1,
      cure: 'Nothing new at the root: move or delete it.',
    }))
}

function machineNames({ files }: Repository): Finding[] {
  return eachLine(files, (text, path) => {
    const folder = MACHINE_PATHS.find((name) => new RegExp(`(^|[\\s"'\`(=:])${name}\\w`).test(text))
    if (folder)
      return { rule: 'machine-path', cure: `${folder}... is a path of one machine: make it relative.` }
    if (path.endsWith('package-lock.json') && /"resolved": "https?:/.test(text))
      return {
        rule: 'machine-path',
        cure: 'The lock file names a registry: install again with the .npmrc of the root.',
      }
    return undefined
  })
}

/** Whoever silences the linter or the compiler says why. */
function suppressions({ files }: Repository): Finding[] {
  return eachLine(files, (text, path) => {
    if (!/\.(ts|tsx|mjs)$/.test(path)) return undefined
    if (/^\s*(\/\/|\/\*|\{\/\*).*\b(oxlint|eslint)-disable(?!.* -- \S)/.test(text))
      return { rule: 'suppression', cure: 'Say why: `oxlint-disable-next-line rule -- reason`.' }
    if (/^\s*\/\/ @ts-(ignore|nocheck)/.test(text) || /^\s*\/\/ @ts-expect-error\s*$/.test(text))
      return { rule: 'suppression', cure: 'Use `@ts-expect-error reason`, or correct the type.' }
    return undefined
  })
}

/** A workspace that has sources is built and type-checked by the root's tsconfig.json. */
function untypedWorkspaces({ files }: Repository): Finding[] {
  const solution = files.get('tsconfig.json') ?? ''
  const workspaces = new Set(
    [...files.keys()].flatMap((path) => /^((packages|apps)\/[^/]+)\/src\//.exec(path)?.[1] ?? []),
  )
  return [...workspaces]
    .filter((workspace) => !new RegExp(`"(\\./)?${workspace}[/"]`).test(solution))
    .map((workspace) => ({
      rule: 'untyped',
      file: 'tsconfig.json',
      line: 1,
      cure: `Add a reference to ${workspace}, else nothing checks its types.`,
    }))
}

function readmes({ files }: Repository): Finding[] {
  const packages = new Set(
    [...files.keys()].flatMap((path) => /^(packages\/[^/]+)\/src\//.exec(path)?.[1] ?? []),
  )
  const missing = [...packages]
    .filter((folder) => !files.has(`${folder}/README.md`))
    .map((folder) => ({
      rule: 'readme',
      file: `${folder}/README.md`,
      line: 1,
      cure: 'Write it: one screen.',
    }))
  return [...missing, ...[...files].flatMap(([path, text]) => longDocument(path, text))]
}

function longDocument(path: string, text: string): Finding[] {
  const limit = /^packages\/[^/]+\/README\.md$/.test(path) ? README_LINES : ARCHITECTURE_LINES
  const lines = text.trimEnd().split('\n').length
  if (!/(^|\/)(README|ARCHITECTURE)\.md$/.test(path) || lines <= limit) return []
  return [{ rule: 'readme', file: path, line: 1, cure: `${lines} lines, ${limit} are allowed: shorten it.` }]
}

type Judge = (line: string, path: string) => { rule: string; cure: string } | undefined

function eachLine(files: ReadonlyMap<string, string>, judge: Judge): Finding[] {
  return [...files].flatMap(([path, text]) =>
    text.split('\n').flatMap((line, index) => {
      const verdict = judge(line, path)
      return verdict ? [{ ...verdict, file: path, line: index + 1 }] : []
    }),
  )
}
