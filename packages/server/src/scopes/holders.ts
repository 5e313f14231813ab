/**
 * Which scopes a user holds now (P4).
 *
 * The app's functions are called first, outside of any transaction, since they may take their time; what SQL they
 * answer is then evaluated inside the request's own snapshot, so that a change of membership and the rows it opens or
 * closes are seen together. Scopes that only say `true` are held by everybody, under the empty key.
 */
import {
  decodeScopeKey,
  encodeScopeKey,
  LandfallError,
  MAX_SCOPE_KEY_BYTES,
  type Manifest,
  type ScopeKey,
  type UserId,
} from '@landfall/protocol'
import { type SQL, type SQLWrapper, sql } from 'drizzle-orm'
import { PgDialect } from 'drizzle-orm/pg-core'
import type { Holders, ServerContext } from '../context.ts'
import type { Param, Tx } from '../database/database.ts'

export type PreparedHolders = {
  /** Held whatever Postgres says. */
  fixed: ScopeKey[]
  /** One statement for all scopes that ask Postgres; its text also tells which tables membership depends on. */
  query: { sql: string; params: Param[] } | null
}

const dialect = new PgDialect()

type HolderContext = Pick<ServerContext, 'sync' | 'holders' | 'limits'>

/** Calls the app's functions for the user. */
export async function prepareHolders(context: HolderContext, user: UserId): Promise<PreparedHolders> {
  const fixed = openScopes(context.sync.manifest).map((scope) => encodeScopeKey(scope, ''))
  const asked: SQL[] = []
  for (const [scope, holder] of Object.entries(context.holders)) {
    const answer = await holder({ userId: user })
    if (isList(answer)) fixed.push(...answer.map((key) => encodeScopeKey(scope, key)))
    else asked.push(sql`SELECT ${scope}::text AS scope, h.key::text AS key FROM (${answer}) AS h(key)`)
  }
  return { fixed, query: asked.length === 0 ? null : toQuery(sql.join(asked, sql` UNION `)) }
}

/** The scopes held in the snapshot of the transaction, each once. */
export async function readHeldScopes(tx: Tx, holders: PreparedHolders, limit: number): Promise<ScopeKey[]> {
  const held = new Set(holders.fixed)
  const rows = holders.query ? await tx.query(holders.query.sql, holders.query.params) : []
  for (const { scope, key } of rows) {
    if (typeof scope === 'string' && typeof key === 'string') held.add(encodeScopeKey(scope, key))
  }
  if ([...held].some(isTooLong))
    throw new LandfallError('too_large', { what: 'scope key', limit: MAX_SCOPE_KEY_BYTES })
  if (held.size > limit) throw new LandfallError('too_large', { what: 'held scopes', limit })
  return [...held]
}

/** UTF-16 units are at most three bytes each: most keys need no counting. */
function isTooLong(scope: ScopeKey): boolean {
  if (scope.length * 3 <= MAX_SCOPE_KEY_BYTES) return false
  return Buffer.byteLength(decodeScopeKey(scope).key) > MAX_SCOPE_KEY_BYTES
}

/** Throws unless every scope that names a column has a holder, and no other has. */
export function checkHolders(manifest: Manifest, holders: Holders): void {
  const open = new Set(openScopes(manifest))
  const closed = allScopes(manifest).filter((scope) => !open.has(scope))
  const missing = closed.filter((scope) => !Object.hasOwn(holders, scope))
  const unknown = Object.keys(holders).filter((scope) => !closed.includes(scope))
  const problems = [
    ...missing.map((scope) => ({
      scope,
      problem: 'It has no holder.',
      cure: 'Say in `holders` who holds it.',
    })),
    ...unknown.map((scope) => ({ scope, problem: 'No such scope.', cure: 'Take it out of `holders`.' })),
  ]
  if (problems.length > 0) throw new LandfallError('schema_invalid', { problems })
}

function allScopes(manifest: Manifest): string[] {
  return [...new Set(manifest.tables.flatMap((table) => table.scopes.map(({ scope }) => scope)))]
}

/** Scopes without a key column in any table. */
function openScopes(manifest: Manifest): string[] {
  const keyed = new Set(
    manifest.tables.flatMap((table) =>
      table.scopes.flatMap(({ scope, column }) => (column === null ? [] : scope)),
    ),
  )
  return allScopes(manifest).filter((scope) => !keyed.has(scope))
}

function isList(answer: SQLWrapper | readonly string[]): answer is readonly string[] {
  return Array.isArray(answer)
}

function toQuery(statement: SQL): { sql: string; params: Param[] } {
  const query = dialect.sqlToQuery(statement)
  return { sql: query.sql, params: query.params.map(encodeHolderParam) }
}

function encodeHolderParam(value: unknown): Param {
  return Array.isArray(value) ? value.map(holderText) : holderText(value)
}

function holderText(value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean')
    return value.toString()
  return value instanceof Date ? value.toISOString() : JSON.stringify(value)
}
