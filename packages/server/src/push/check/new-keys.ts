/**
 * Scope keys that a changeset brings into being: a project with its first member and rows, an order with its lines.
 *
 * Nobody can hold such a key before, so its rows could never be made offline. It is new when no row, conflict record or
 * log entry of it exists: else who makes a deleted key again would inherit what was kept of it. That is read under an
 * advisory lock on each key, so that of two who make one at once the second finds the rows of the first. Whether the
 * user holds the key afterwards is judged when the rows are there (`apply-in-order.ts`): nobody plants rows elsewhere.
 */
import { decodeScopeKey, rowAt, type ScopeKey, type WireRow } from '@landfall/protocol'
import { quoteIdentifier, quoteTable } from '@landfall/schema/internal'
import type { ServerContext } from '../../context.ts'
import { ADVISORY_LOCK } from '../../log/bookkeeping.ts'
import { castType, columnOf } from '../../sql/row-columns.ts'
import { type CheckedBlock, type CheckedChangeset, rowsOf } from '../batch.ts'
import type { PushContext } from '../push-context.ts'
import { wantedKey } from './rights.ts'

/** A row that wants to stand in a scope. */
export type Wish = { table: string; key: WireRow }

/** The scopes that the changeset needs for its rows and its user does not hold, each with a row of it. */
export function unheldScopes(work: PushContext, { blocks }: CheckedChangeset): Map<ScopeKey, Wish> {
  const unheld = new Map<ScopeKey, Wish>()
  for (const block of blocks) {
    if (block.operation === 'delete') continue
    for (const scope of block.table.write) addUnheld(work, unheld, { block, scope })
  }
  return unheld
}

type Place = { block: CheckedBlock; scope: string }

function addUnheld(work: PushContext, unheld: Map<ScopeKey, Wish>, { block, scope }: Place): void {
  let last: string | null = null
  for (let row = 0; row < rowsOf(block); row++) {
    const text = wantedKey(block, scope, row)
    if (text === null || text === undefined || text === last) continue
    last = text
    const key = work.holders.spell(scope, text)
    if (key === null || work.rights.holds(key) || unheld.has(key)) continue
    unheld.set(key, { table: block.table.name, key: rowAt(block.keys, row) })
  }
}

/** More keys than this in one transaction are locked as all others: each lock takes room in Postgres' shared memory. */
const LOCKED_KEYS = 64

/** Those of the scopes whose keys exist nowhere. Until the transaction ends nobody else can make one of them. */
export async function readNewScopes(work: PushContext, scopes: readonly ScopeKey[]): Promise<ScopeKey[]> {
  if (scopes.length === 0) return []
  await lockScopes(work, scopes)
  const found: ScopeKey[] = []
  for (const scope of new Set(scopes.map((text) => decodeScopeKey(text).scope))) {
    const asked = scopes.filter((text) => decodeScopeKey(text).scope === scope)
    const rows = await work.tx.query(newScopesSql(work.context, scope), [asked])
    found.push(...rows.map((row) => row['scope'] as ScopeKey))
  }
  return found
}

/** In the order of the locks, so that two do not wait for each other. */
async function lockScopes({ tx, context }: PushContext, scopes: readonly ScopeKey[]): Promise<void> {
  const all = context.bookkeeping.locks.scopes
  if (scopes.length > LOCKED_KEYS) {
    await tx.query(ADVISORY_LOCK, [all])
    return
  }
  await tx.query(
    `
    SELECT
      pg_advisory_xact_lock_shared(hashtextextended($1, 0)),
      count(pg_advisory_xact_lock(lock.id)::text)
    FROM (
      SELECT DISTINCT hashtextextended($1 || ' ' || scope, 0) AS id
      FROM unnest($2::text[]) AS s(scope)
      ORDER BY id
      OFFSET 0
    ) AS lock`,
    [all, scopes],
  )
}

function newScopesSql({ sync, bookkeeping }: ServerContext, scope: string): string {
  const rows = sync.manifest.tables.flatMap((table) =>
    table.scopes.flatMap((each) => {
      // A row that is in it through its parent has that parent in it.
      if (each.scope !== scope || typeof each.column !== 'string') return []
      const { name, type } = columnOf(table, each.column)
      return `
      AND NOT EXISTS (
        SELECT FROM ${quoteTable(table)} AS t
        WHERE t.${quoteIdentifier(name)} = substr(s.scope, ${scope.length + 2})::${castType(type)}
      )`
    }),
  )
  return `
    SELECT s.scope
    FROM unnest($1::text[]) AS s(scope)
    WHERE NOT EXISTS (SELECT FROM ${bookkeeping.changes} AS c WHERE c.scope = s.scope)
      AND NOT EXISTS (SELECT FROM ${bookkeeping.conflicts} AS c WHERE c.scopes @> ARRAY[s.scope])${rows.join('')}`
}
