/** A walk over a syntax tree (ESTree with TypeScript), each node with its ancestors, nearest last. */

export type Node = { type: string; start: number; end: number; [field: string]: unknown }

export type Visit = (node: Node, ancestors: readonly Node[]) => void

export function walk(node: Node, visit: Visit, ancestors: Node[] = []): void {
  visit(node, ancestors)
  ancestors.push(node)
  for (const value of Object.values(node))
    for (const child of Array.isArray(value) ? value : [value])
      if (isNode(child)) walk(child, visit, ancestors)
  ancestors.pop()
}

export function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value
}

/** The node in a field that holds one. */
export function child(node: Node | undefined, field: string): Node | undefined {
  const value = node?.[field]
  return isNode(value) ? value : undefined
}

/** The nodes in a field that holds a list. */
export function children(node: Node | undefined, field: string): Node[] {
  const value = node?.[field]
  return Array.isArray(value) ? value.filter(isNode) : []
}

/** `a.b.c` of a chain of identifiers and members; undefined for anything else. */
export function dottedName(node: Node | undefined): string | undefined {
  if (node?.type === 'Identifier') return String(node['name'])
  if (node?.type !== 'MemberExpression' || node['computed'] === true) return undefined
  const object = dottedName(child(node, 'object'))
  const property = dottedName(child(node, 'property'))
  return object !== undefined && property !== undefined ? `${object}.${property}` : undefined
}

/** The name of an identifier, or the text of a literal used as one; empty for anything else. */
export function nameOf(node: Node | undefined): string {
  const name = node?.['name'] ?? node?.['value']
  return typeof name === 'string' ? name : ''
}

/** The text of a string literal, or of a template up to its first `${`. */
export function leadingText(node: Node | undefined): string | undefined {
  if (node?.type === 'Literal' && typeof node['value'] === 'string') return node['value']
  if (node?.type !== 'TemplateLiteral') return undefined
  const raw = children(node, 'quasis')[0]?.['value']
  return typeof raw === 'object' && raw !== null && 'cooked' in raw ? String(raw.cooked) : undefined
}
