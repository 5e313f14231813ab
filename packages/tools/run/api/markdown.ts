/** A package's `api.md`: each public name with its docstring and its signature, entry by entry, by name. */
import { docOf, signatureOf } from './declaration.ts'
import type { Entry, PublicName } from './surface.ts'

const HEAD = 'Made from the sources by `npm run api`; a test fails when it is not what that makes.'

export function apiMarkdown(entries: readonly Entry[]): string {
  const [first] = entries
  const parts = entries.map(({ specifier, names }) => [`## ${specifier}`, ...names.map(nameMarkdown)])
  return [`# The API of ${first?.specifier ?? ''}`, HEAD, ...parts.flat()].join('\n\n') + '\n'
}

function nameMarkdown({ name, declarations }: PublicName): string {
  const [first] = declarations
  const doc = first ? docOf(first) : ''
  const code = declarations.map((declaration) => withoutModifiers(signatureOf(declaration))).join('\n')
  return [`### ${name}`, doc, '```ts\n' + code + '\n```'].filter((part) => part !== '').join('\n\n')
}

function withoutModifiers(signature: string): string {
  return signature.replace(/^async /, '').replaceAll(/^( +)async (?=\w)/gm, '$1')
}
