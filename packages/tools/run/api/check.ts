/**
 * What a public surface lacks: docstrings, names for the types it uses, and error codes that exist.
 *
 * A docstring whose words are all in the name it belongs to says nothing, and counts as none.
 */
import type { Finding } from '../tidy/repository.ts'
import { child, dottedName, type Node, walk } from '../tidy/walk.ts'
import { declarationIn, type Declaration, type Entry, type PublicName, type Surface } from './surface.ts'
import { docBefore, docOf, isInternal, type Member, membersOf } from './declaration.ts'

export type SurfaceReport = {
  /** Exported names, and members of exported types and classes. */
  total: number
  documented: number
  findings: Finding[]
}

export function checkSurface(
  surface: Surface,
  entries: readonly Entry[],
  codes: ReadonlySet<string>,
): SurfaceReport {
  const names = distinct(entries.flatMap((entry) => entry.names))
  const docs = names.flatMap(documentsOf)
  const missing = docs.filter(({ doc, name, within }) => isEmpty(doc, [name, ...within]))
  const known = new Set(names.flatMap(({ declarations }) => declarations.map(({ node }) => node)))
  return {
    total: docs.length,
    documented: docs.length - missing.length,
    findings: [
      ...missing.map(({ at, path }) => ({ ...at, rule: 'docstring', cure: `Say what ${path} does.` })),
      ...docs.flatMap((document) => unknownCodes(document, codes)),
      ...names.flatMap((name) => unnamedTypes(surface, name, known)),
    ],
  }
}

type Document = {
  name: string
  within: string[]
  path: string
  doc: string
  at: { file: string; line: number }
}

function documentsOf({ name, declarations }: PublicName): Document[] {
  const [first] = declarations
  if (first === undefined) throw new Error(`${name} is exported, but nothing declares it`)
  const file = first.module.path
  const head = { name, within: [], path: name, doc: docOf(first), at: { file, line: lineOf(first) } }
  const ofMember = ({ name: own, path, doc, line }: Member): Document => ({
    name: own,
    within: [name],
    path: `${name}.${path}`,
    doc,
    at: { file, line },
  })
  return [head, ...membersOf(first).map(ofMember)]
}

/** One name may leave by two doors. */
function distinct(names: readonly PublicName[]): PublicName[] {
  const byNode = new Map(names.map((name) => [name.declarations[0]?.node, name]))
  return [...byNode.values()]
}

const EMPTY_WORDS = new Set(
  'a an the of for to is are in on this that it its which type value object'.split(' '),
)

function isEmpty(doc: string, names: readonly string[]): boolean {
  const named = new Set(names.flatMap((name) => wordsIn(name.replaceAll(/([a-z])([A-Z])/g, '$1 $2'))))
  return wordsIn(doc).every((word) => EMPTY_WORDS.has(word) || named.has(word))
}

function wordsIn(text: string): string[] {
  return (text.toLowerCase().match(/[a-z0-9]+/g) ?? []).map((word) => word.replace(/(es|s)$/, ''))
}

const CODES =
  /\b(?:(?:[Rr]ejects|[Ff]ails|[Aa]nswers) with|[Tt]hrows) ((?:(?:and|or|with) |`[a-z_]+`|, | )+)/g

/** `Rejects with \`a_code\`` and `throws \`a_code\`` name codes of the catalogue. */
function unknownCodes({ doc, at }: Document, codes: ReadonlySet<string>): Finding[] {
  return [...doc.matchAll(CODES)]
    .flatMap(([, list = '']) => list.match(/[a-z_]+(?=`)/g) ?? [])
    .filter((code) => !codes.has(code))
    .map((code) => ({ ...at, rule: 'error-code', cure: `The catalogue has no code ${code}.` }))
}

/** Types of Landfall's that a public signature uses, and that no public entry exports. */
function unnamedTypes(
  surface: Surface,
  { declarations }: PublicName,
  known: ReadonlySet<unknown>,
): Finding[] {
  const names = new Map<string, Declaration>()
  for (const { module, node } of declarations) {
    for (const name of typesIn({ module, node })) {
      const [found] = surface.lookUp(module, name)
      const isOpen =
        found !== undefined && !known.has(found.node) && isExported(found) && !isInternal(docOf(found))
      if (isOpen) names.set(name, { module, node })
    }
  }
  return [...names].map(([name, at]) => ({
    rule: 'unnamed-type',
    file: at.module.path,
    line: lineOf(at),
    cure: `The public surface uses ${name}: export it, or use a type that is public.`,
  }))
}

/** Names of types in a declaration's signature: bodies, private members and internal ones are left out. */
function typesIn({ module, node: declaration }: Declaration): string[] {
  const names: string[] = []
  const isInside = (node: Node): boolean =>
    /^(FunctionBody|BlockStatement)$/.test(node.type) ||
    child(node, 'key')?.type === 'PrivateIdentifier' ||
    node['accessibility'] === 'private' ||
    (child(node, 'key') !== undefined && isInternal(docBefore(module.text, node.start)))
  walk(declarationIn(declaration), (node, ancestors) => {
    if (node.type !== 'TSTypeReference' || ancestors.some(isInside)) return
    const name = dottedName(child(node, 'typeName'))
    if (name !== undefined) names.push(name)
  })
  return names
}

/** A type that its module keeps to itself is shorthand: it is spelled out where it is used. */
function isExported({ node }: Declaration): boolean {
  return node.type === 'ExportNamedDeclaration'
}

function lineOf({ module, node }: Declaration): number {
  return module.lineAt(node.start)
}
