/** Which package may import which (ARCHITECTURE: imports point down only), how, and that there are no barrels. */
import { dirname, join } from 'node:path/posix'
import { isTest, placeOf } from './places.ts'
import type { Finding, Module, Repository } from './repository.ts'
import { child, leadingText, type Node, walk } from './walk.ts'

/** What a package's sources may import; apps may import everything. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  protocol: [],
  schema: ['protocol'],
  engine: ['protocol', 'schema'],
  server: ['protocol', 'schema'],
  client: ['protocol', 'schema', 'engine'],
  react: ['protocol', 'schema', 'client'],
  tools: [],
  testkit: ['protocol', 'schema', 'engine', 'server'],
  simulator: ['protocol', 'schema', 'engine', 'server', 'testkit', 'tools'],
}

/** What its tests may import besides, and all tests the tools. */
const TESTS_MAY_IMPORT: Record<string, readonly string[]> = {
  client: ['server'],
}

export function checkImports({ modules, files }: Repository): Finding[] {
  const entries = entryPoints(files)
  return modules.flatMap((module) => [...wrongImports(module), ...barrel(module, entries)])
}

function wrongImports(module: Module): Finding[] {
  const findings: Finding[] = []
  walk(module.program, (node) => {
    const target = importedFrom(node)
    if (target === undefined) return
    const found =
      upward(module.path, target) ?? outsideDependency(module.path, target) ?? relative(module.path, target)
    if (found) findings.push({ ...found, file: module.path, line: module.lineAt(node.start) })
  })
  return findings
}

function importedFrom(node: Node): string | undefined {
  if (/^(Import|ExportNamed|ExportAll)Declaration$/.test(node.type) || node.type === 'ImportExpression')
    return leadingText(child(node, 'source'))
  if (node.type === 'TSImportType') return leadingText(child(node, 'source') ?? child(node, 'argument'))
  return undefined
}

type Verdict = { rule: string; cure: string } | undefined

function upward(path: string, target: string): Verdict {
  const [scope, to] = target.split('/')
  const { workspace, part } = placeOf(path)
  const from = workspace?.startsWith('packages/') ? workspace.slice('packages/'.length) : undefined
  if (scope !== '@landfall' || to === undefined || from === undefined || from === to) return undefined
  const allowed = MAY_IMPORT[from]
  if (allowed === undefined)
    return { rule: 'direction', cure: `Say in run/tidy/imports.ts what the new package ${from} may import.` }
  if (allowed.includes(to)) return undefined
  if (isTest(path) && (to === 'tools' || TESTS_MAY_IMPORT[from]?.includes(to))) return undefined
  const cure = `${from} must not import ${to} (${part}): put what both need where both may look, at last in protocol.`
  return { rule: 'direction', cure }
}

/** The protocol stands on nothing: no package, and nothing of Node. */
function outsideDependency(path: string, target: string): Verdict {
  if (!path.startsWith('packages/protocol/src/') || target.startsWith('.')) return undefined
  return { rule: 'direction', cure: `protocol is pure and has no dependencies: ${target} belongs elsewhere.` }
}

function relative(path: string, target: string): Verdict {
  if (!target.startsWith('.')) return undefined
  const from = placeOf(path).workspace
  const to = placeOf(join(dirname(path), target)).workspace
  if (from !== undefined && to !== from)
    return { rule: 'relative-import', cure: `${target} leaves ${from}: import the package by its name.` }
  if (!/\.\w+(\?\w+)?$/.test(target))
    return { rule: 'relative-import', cure: `Write the extension: ${target}.ts` }
  return undefined
}

/** The files that a package's `exports` name by the source condition: they list what is public, so they re-export. */
function entryPoints(files: ReadonlyMap<string, string>): Set<string> {
  const entries = new Set<string>()
  for (const [path, text] of files)
    if (/^(packages|apps)\/[^/]+\/package\.json$/.test(path))
      for (const [, source] of text.matchAll(/"@landfall\/source":\s*"\.\/([^"]+)"/g))
        entries.add(join(dirname(path), source ?? ''))
  return entries
}

function barrel({ path, program, lineAt }: Module, entries: Set<string>): Finding[] {
  if (entries.has(path) || !Array.isArray(program['body'])) return []
  const statements = program['body'] as Node[]
  const passesOn = (node: Node) => node.type === 'ExportAllDeclaration' || child(node, 'source') !== undefined
  const isBarrel =
    statements.length > 0 &&
    statements.every(passesOn) &&
    statements.some((n) => !n.type.startsWith('Import'))
  const star = statements.find((node) => node.type === 'ExportAllDeclaration')
  if (!isBarrel && !star) return []
  const cure = 'Only a package’s entry point passes on what other files export: import from the file itself.'
  return [{ rule: 'barrel', file: path, line: lineAt(star?.start ?? 0), cure }]
}
