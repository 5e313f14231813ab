/**
 * What the user of a push may read and write (P4.1).
 *
 * A row may be read when one of its scopes is held, and written when one of those names it by a column: a scope that
 * is simply `true` for a table is read-only. `authorize` can only narrow this.
 */
import { decodeScopeKey, LandfallError, type ManifestTable, type ScopeKey } from '@landfall/protocol'
import type { Authorize, AuthorizeChange, AuthorizeRow, ServerContext } from '../../context.ts'

export type Rights = {
  /** The keys of the scope that the user holds. */
  keys(scope: string): string[]
  holds(scope: string): boolean
  isSameAs(other: Rights): boolean
  count: number
}

export function createRights(held: readonly ScopeKey[]): Rights {
  const all = new Set<string>(held)
  const byScope = new Map<string, string[]>()
  for (const text of held) {
    const { scope, key } = decodeScopeKey(text)
    const keys = byScope.get(scope)
    if (keys) keys.push(key)
    else byScope.set(scope, [key])
  }
  return {
    keys: (scope) => byScope.get(scope) ?? [],
    holds: (scope) => all.has(scope),
    isSameAs: (other) => other.count === all.size && held.every((scope) => other.holds(scope)),
    count: all.size,
  }
}

export function authorizerOf(context: ServerContext, table: ManifestTable): Authorize | null {
  return Object.hasOwn(context.authorize, table.name) ? (context.authorize[table.name] ?? null) : null
}

/** Throws `forbidden` with the app's reason; an exception is a no, too. */
export async function askAuthorizer(
  authorize: Authorize,
  table: ManifestTable,
  change: AuthorizeChange,
): Promise<void> {
  const row = change.after ?? change.before
  const key = table.key.map((name) => row?.[name] ?? null)
  let answer: boolean | string
  try {
    answer = await authorize(change)
  } catch {
    answer = false
  }
  if (answer === true) return
  const reason = typeof answer === 'string' ? { reason: answer } : {}
  throw new LandfallError('forbidden', { table: table.name, key, ...reason })
}

export function authorizeRow(table: ManifestTable, texts: readonly (string | null)[]): AuthorizeRow {
  return Object.fromEntries(table.columns.map(({ name }, c) => [name, texts[c] ?? null]))
}
