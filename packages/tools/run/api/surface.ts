/**
 * The public surface of a package: the names that its entry points export, each with the declaration behind it.
 *
 * Names are followed through re-exports, across packages too, in the sources; the linter and `tsc` have made sure that
 * exported functions say their types. An entry is a subpath of package.json's `exports` with sources, unless its name
 * is in `PRIVATE`.
 */
import type { Module, Repository } from '../tidy/repository.ts'
import { child, children, nameOf, type Node } from '../tidy/walk.ts'

/** A public name: all its declarations (overloads), as they stand in their module. */
export type PublicName = { name: string; declarations: Declaration[] }

export type Declaration = { module: Module; node: Node }

export type Entry = { specifier: string; names: PublicName[] }

/** Entries that no app imports: a worker's file, and what Landfall's packages share among themselves. */
const PRIVATE = ['./worker', './internal']

const PACKAGES = ['client', 'react', 'server', 'schema', 'testkit']

/** The packages with a documented surface, by folder. */
export const PUBLIC_PACKAGES: readonly string[] = PACKAGES.map((name) => `packages/${name}`)

export class Surface {
  readonly #repository: Repository
  readonly #modules: ReadonlyMap<string, Module>

  constructor(repository: Repository) {
    this.#repository = repository
    this.#modules = new Map(repository.modules.map((module) => [module.path, module]))
  }

  entriesOf(folder: string): Entry[] {
    return Object.entries(this.#sourcesOf(folder))
      .filter(([subpath]) => !PRIVATE.includes(subpath))
      .map(([subpath, path]) => ({ specifier: specifierOf(folder, subpath), names: this.#namesOf(path) }))
  }

  /** What a name means inside a module: declared there, or imported. */
  lookUp(module: Module, name: string): Declaration[] {
    const own = localDeclarations(module, name)
    if (own.length > 0) return own
    for (const node of children(module.program, 'body')) {
      if (node.type !== 'ImportDeclaration') continue
      const specifier = children(node, 'specifiers').find((one) => nameOf(child(one, 'local')) === name)
      const target = specifier && this.#resolve(module, node)
      if (target) return this.#exported(target, nameOf(child(specifier, 'imported')))
    }
    return []
  }

  #namesOf(path: string): PublicName[] {
    const module = this.#modules.get(path)
    if (module === undefined) throw new Error(`${path} is an entry, but no module`)
    const names = children(module.program, 'body')
      .filter((node) => node.type === 'ExportNamedDeclaration')
      .flatMap((node) => [
        ...declaredNames(child(node, 'declaration')),
        ...children(node, 'specifiers').map((one) => nameOf(child(one, 'exported'))),
      ])
    return [...new Set(names)]
      .map((name) => ({ name, declarations: this.#exported(module, name) }))
      .toSorted((a, b) => (a.name < b.name ? -1 : 1))
  }

  #exported(module: Module, name: string): Declaration[] {
    for (const node of children(module.program, 'body')) {
      const target = this.#resolve(module, node)
      if (node.type === 'ExportAllDeclaration' && target) {
        const found = this.#exported(target, name)
        if (found.length > 0) return found
      }
      const specifier = children(node, 'specifiers').find((one) => nameOf(child(one, 'exported')) === name)
      if (node.type !== 'ExportNamedDeclaration' || !specifier) continue
      const inner = nameOf(child(specifier, 'local'))
      return target ? this.#exported(target, inner) : this.lookUp(module, inner)
    }
    return localDeclarations(module, name).filter(({ node }) => node.type === 'ExportNamedDeclaration')
  }

  /** The module that an import or a re-export names; undefined outside of this repository. */
  #resolve(module: Module, node: Node): Module | undefined {
    const source = nameOf(child(node, 'source'))
    if (source.startsWith('.')) return this.#modules.get(joined(module.path, source))
    const [, name, subpath] = /^@landfall\/(\w+)(\/.*)?$/.exec(source) ?? []
    if (name === undefined) return undefined
    return this.#modules.get(this.#sourcesOf(`packages/${name}`)[`.${subpath ?? ''}`] ?? '')
  }

  #sourcesOf(folder: string): { [subpath: string]: string } {
    const { exports } = JSON.parse(this.#repository.files.get(`${folder}/package.json`) ?? '{}') as Manifest
    const sources: { [subpath: string]: string } = {}
    for (const [subpath, target] of Object.entries(exports ?? {})) {
      const source = typeof target === 'string' ? undefined : target['@landfall/source']
      if (source !== undefined) sources[subpath] = `${folder}/${source.replace('./', '')}`
    }
    return sources
  }
}

type Manifest = { exports?: { [subpath: string]: string | { [condition: string]: string } } }

function specifierOf(folder: string, subpath: string): string {
  return `@landfall/${folder.replace('packages/', '')}${subpath.slice(1)}`
}

/** The statements of a module that declare the name; overloads have several, an implementation behind them counts not. */
function localDeclarations(module: Module, name: string): Declaration[] {
  const found = children(module.program, 'body').filter((node) =>
    declaredNames(node.type === 'ExportNamedDeclaration' ? child(node, 'declaration') : node).includes(name),
  )
  const overloads = found.filter((node) => declarationIn(node).type === 'TSDeclareFunction')
  return (overloads.length > 0 ? overloads : found).map((node) => ({ module, node }))
}

/** `export const a = 1` is an export around the declaration. */
export function declarationIn(node: Node): Node {
  return child(node, 'declaration') ?? node
}

function declaredNames(node: Node | undefined): string[] {
  if (node?.type === 'VariableDeclaration')
    return children(node, 'declarations').map((one) => nameOf(child(one, 'id')))
  const declares = /^(TS)?(Declare)?(Function|Class|TypeAlias|Interface)/.test(node?.type ?? '')
  return declares ? [nameOf(child(node, 'id'))] : []
}

function joined(from: string, relative: string): string {
  const parts = from.split('/').slice(0, -1)
  for (const part of relative.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}
