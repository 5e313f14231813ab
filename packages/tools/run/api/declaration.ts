/**
 * A declaration as a reader of the API sees it: its docstring, its members, and its text without what is inside.
 *
 * Docstrings are found by position, as the block comment that ends right before its declaration.
 */
import { child, children, nameOf, type Node, walk } from '../tidy/walk.ts'
import { type Declaration, declarationIn } from './surface.ts'

export type Member = { name: string; path: string; doc: string; line: number }

/** The text of the docstring before an offset, without its stars; empty where there is none. */
export function docBefore(text: string, offset: number): string {
  const before = text.slice(0, offset).trimEnd()
  if (!before.endsWith('*/')) return ''
  const start = before.lastIndexOf('/**')
  if (start === -1 || before.indexOf('*/', start) !== before.length - 2) return ''
  return before
    .slice(start + 3, -2)
    .split('\n')
    .map((line) => line.replace(/^\s*\* ?/, '').trimEnd())
    .join('\n')
    .trim()
}

/** For Landfall's own packages: an app may have it in hand, and passes it on. */
export function isInternal(doc: string): boolean {
  return /(^|\s)@internal\b/.test(doc)
}

export function docOf({ module, node }: Declaration): string {
  return docBefore(module.text, node.start)
}

/** The text up to a body, as a declaration file would say it; a class with its public members. */
export function signatureOf({ module, node }: Declaration): string {
  const declaration = declarationIn(node)
  const text = (from: number, to: number): string => module.text.slice(from, to).trimEnd()
  const body = child(declaration, 'body')
  if (/Function/.test(declaration.type)) return text(declaration.start, body?.start ?? declaration.end)
  if (declaration.type !== 'ClassDeclaration') return text(declaration.start, declaration.end)
  const members = publicMembers({ module, node }).map((member) => {
    const inner = child(child(member, 'value'), 'body')
    const doc = docBefore(module.text, member.start)
    return `${doc === '' ? '' : `${comment(doc)}\n`}  ${text(member.start, inner?.start ?? member.end)}`
  })
  return `${text(declaration.start, body?.start ?? declaration.end)} {\n${members.join('\n')}\n}`
}

function comment(doc: string): string {
  const lines = doc.split('\n')
  if (lines.length === 1) return `  /** ${doc} */`
  return ['  /**', ...lines.map((line) => `   * ${line}`.trimEnd()), '   */'].join('\n')
}

/**
 * What may be called or set: the members of a class and of object types, however deep; but for lone fields of nested
 * ones, which the docstring above explains, and those of type arguments, which are the other type's.
 */
export function membersOf({ module, node }: Declaration): Member[] {
  const declaration = declarationIn(node)
  const members: Member[] = []
  const add = (member: Node, ancestors: readonly Node[]): void => {
    const names = [...ancestors, member].filter(isMember).map(memberName)
    const [name = ''] = names.slice(-1)
    const doc = docBefore(module.text, member.start)
    members.push({ name, path: names.join('.'), doc, line: module.lineAt(member.start) })
  }
  if (declaration.type === 'ClassDeclaration') {
    for (const member of publicMembers({ module, node }))
      if (memberName(member) !== 'constructor') add(member, [])
    return withoutRepeats(members)
  }
  if (!declaration.type.startsWith('TS')) return []
  walk(declaration, (inner, ancestors) => {
    const isLone = children(ancestors.at(-1), 'members').length === 1 && ancestors.length > 2
    const isArgument = ancestors.some(({ type }) => type === 'TSTypeParameterInstantiation')
    if (isMember(inner) && !isLone && !isArgument && !isInternal(docBefore(module.text, inner.start)))
      add(inner, ancestors)
  })
  return withoutRepeats(members)
}

/** Overloads share the first one's docstring. */
function withoutRepeats(members: Member[]): Member[] {
  return members.filter((member, at) => members.findIndex(({ path }) => path === member.path) === at)
}

/** A field that must be left out (`db?: undefined`) is none. */
function isMember(node: Node): boolean {
  if (child(child(node, 'typeAnnotation'), 'typeAnnotation')?.type === 'TSUndefinedKeyword') return false
  return ['TSPropertySignature', 'TSMethodSignature', 'PropertyDefinition', 'MethodDefinition'].includes(
    node.type,
  )
}

function memberName(node: Node): string {
  return nameOf(child(node, 'key'))
}

/** Without `#fields`, `private` ones, implementations behind overloads, and what Landfall itself calls (`@internal`). */
function publicMembers({ module, node }: Declaration): Node[] {
  const members = children(child(declarationIn(node), 'body'), 'body')
  const isOverload = (node: Node): boolean => node.type === 'TSAbstractMethodDefinition' || !hasBody(node)
  const overloaded = new Set(
    members.filter((node) => node.type === 'MethodDefinition' && isOverload(node)).map(memberName),
  )
  return members.filter((member) => {
    if (child(member, 'key')?.type === 'PrivateIdentifier' || member['accessibility'] === 'private')
      return false
    if (isInternal(docBefore(module.text, member.start))) return false
    return isOverload(member) || !overloaded.has(memberName(member))
  })
}

function hasBody(node: Node): boolean {
  return child(child(node, 'value'), 'body') !== undefined
}
