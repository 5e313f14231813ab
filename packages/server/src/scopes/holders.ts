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
import { getTableName, type SQL, sql } from 'drizzle-orm'
import { getTableConfig, PgDialect } from 'drizzle-orm/pg-core'
import type { Holder, HolderKeys, Holders, ServerContext } from '../context.ts'
import type { Param, Tx } from '../database/database.ts'
import { createKeySpelling, type KeySpelling } from './canonical-key.ts'

export type PreparedHolders = {
  /** Held whatever Postgres says. */
  fixed: ScopeKey[]
  /** One statement for all scopes that ask Postgres. */
  query: { sql: string; params: Param[] } | null
  spell: KeySpelling
}

const dialect = new PgDialect()

type HolderContext = Pick<ServerContext, 'sync' | 'holders' | 'limits'>

/** Calls the app's functions for the user. Throws `holder_unnamed` for SQL of a bare function, `scope_key_invalid`. */
export async function prepareHolders(context: HolderContext, user: UserId): Promise<PreparedHolders> {
  const { manifest } = context.sync
  const spell = createKeySpelling(manifest)
  const fixed = openScopes(manifest).map((scope) => encodeScopeKey(scope, ''))
  const asked: SQL[] = []
  for (const [scope, holder] of Object.entries(context.holders)) {
    const answer = await keysOf(holder, user)
    if (isList(answer)) fixed.push(...answer.map((key) => spelled(spell, scope, key)))
    else if (typeof holder === 'function') throw new LandfallError('holder_unnamed', { scope })
    else asked.push(sql`SELECT ${scope}::text AS scope, h.key::text AS key FROM (${answer}) AS h(key)`)
  }
  return { fixed, query: asked.length === 0 ? null : toQuery(sql.join(asked, sql` UNION `)), spell }
}

function keysOf(holder: Holder, user: UserId): HolderKeys | Promise<HolderKeys> {
  return typeof holder === 'function' ? holder({ userId: user }) : holder.keys({ userId: user })
}

/** The scopes held in the snapshot of the transaction, each once. */
export async function readHeldScopes(tx: Tx, holders: PreparedHolders, limit: number): Promise<ScopeKey[]> {
  const held = new Set(holders.fixed)
  const rows = holders.query ? await tx.query(holders.query.sql, holders.query.params) : []
  for (const { scope, key } of rows) {
    if (typeof scope === 'string' && typeof key === 'string') held.add(spelled(holders.spell, scope, key))
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

/** A key that is no value of its column would look like a scope without rows. */
function spelled(spell: KeySpelling, scope: string, key: string): ScopeKey {
  const found = spell(scope, key)
  if (found === null) throw new LandfallError('scope_key_invalid', { scope, key: key.slice(0, 100) })
  return found
}

/** The synced tables that say who holds what: writing one of them may change who may write what. */
export function tablesOfHolders(manifest: Manifest, holders: Holders): Set<string> {
  const read = Object.values(holders).flatMap((holder) => (typeof holder === 'function' ? [] : holder.reads))
  const names = new Set(
    read.map((table) => `${getTableConfig(table).schema ?? 'public'} ${getTableName(table)}`),
  )
  const found = manifest.tables.filter(({ schema, name }) => names.has(`${schema} ${name}`))
  return new Set(found.map(({ name }) => name))
}

export function allScopes(manifest: Manifest): string[] {
  return [...new Set(manifest.tables.flatMap((table) => table.scopes.map(({ scope }) => scope)))]
}

/** Scopes without a key column in any table. */
export function openScopes(manifest: Manifest): string[] {
  const keyed = new Set(
    manifest.tables.flatMap((table) =>
      table.scopes.flatMap(({ scope, column }) => (column === null ? [] : scope)),
    ),
  )
  return allScopes(manifest).filter((scope) => !keyed.has(scope))
}

function isList(answer: HolderKeys): answer is readonly string[] {
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
