/**
 * The scopes that a client holds, how far each is loaded, and the rows that belong to it.
 *
 * A row's own columns name its scopes, or its parent's, as the server last knew it: here as on the server. A lost scope takes
 * the rows along that no other held scope covers; rows with unsent changes lose their base at once and leave with their
 * verdict.
 */
import {
  decodeScopeKey,
  type PagePosition,
  type ManifestScope,
  type ScopeHop,
  type ScopeKey,
} from '@landfall/protocol'
import { codecFor, quoteIdentifier, quoteSqliteLiteral } from '@landfall/schema/internal'
import type { SqliteDriver } from '../ports.ts'
import type { ScopeState } from './store.ts'
import { baseName, sameKey, type MirrorTable } from './mirror-table.ts'

export function readScopes(driver: SqliteDriver): ScopeState[] {
  return driver
    .prepare('SELECT scope, ready, loaded, position FROM landfall_scopes ORDER BY scope')
    .all([])
    .map(([scope, ready, loaded, position]) => ({
      scope: scope as ScopeKey, // written by gainScopes
      ready: ready === 1,
      loaded: loaded === 1,
      position: typeof position === 'string' ? (JSON.parse(position) as PagePosition) : null,
    }))
}

export function gainScopes(driver: SqliteDriver, scopes: ScopeKey[]): void {
  driver.prepare('INSERT OR IGNORE INTO landfall_scopes VALUES (?, 0, 0, NULL)').runColumns([scopes])
}

export function forgetScopes(driver: SqliteDriver, scopes: ScopeKey[]): void {
  driver.prepare('DELETE FROM landfall_scopes WHERE scope = ?').runColumns([scopes])
}

/** Where the next page starts; null: the last page is here. False when the scope is not held (any more). */
export function rememberPosition(driver: SqliteDriver, scope: ScopeKey, next: PagePosition | null): boolean {
  const update = driver.prepare('UPDATE landfall_scopes SET position = ?, loaded = ? WHERE scope = ?')
  return update.run([next === null ? null : JSON.stringify(next), next === null ? 1 : 0, scope]) > 0
}

/** A pull that follows a scope's last page makes it exact. Returns the scopes that have just become ready. */
export function markReady(driver: SqliteDriver): ScopeKey[] {
  const ready = readScopes(driver).filter((scope) => scope.loaded && !scope.ready)
  if (ready.length === 0) return []
  driver.exec('UPDATE landfall_scopes SET ready = 1 WHERE loaded = 1')
  return ready.map(({ scope }) => scope)
}

/** All scopes have to be loaded again. */
export function unloadScopes(driver: SqliteDriver): void {
  driver.exec('UPDATE landfall_scopes SET ready = 0, loaded = 0, position = NULL')
}

/** Drops the rows of `lost` that none of `held` covers. True if there were any. */
export function dropLostRows(
  driver: SqliteDriver,
  table: MirrorTable,
  { lost, held }: { lost: ScopeKey[]; held: ScopeKey[] },
): boolean {
  const inLost = belongsTo(table, lost)
  if (inLost === null) return false
  return dropRows(driver, table, `${isTrue(inLost)} AND NOT ${isTrue(belongsTo(table, held) ?? '0')}`)
}

/** Drops the rows of the scopes whose keys did not come again while everything was loaded anew. */
export function dropUnseenRows(driver: SqliteDriver, table: MirrorTable, scopes: ScopeKey[]): boolean {
  const inScopes = belongsTo(table, scopes)
  return inScopes === null ? false : dropRows(driver, table, `${isTrue(inScopes)} AND ${unseen(table)}`)
}

export function dropAllUnseenRows(driver: SqliteDriver, table: MirrorTable): boolean {
  return dropRows(driver, table, unseen(table))
}

/** For a row of the mirror or of the base, both named r. */
const unseen = (table: MirrorTable): string =>
  `NOT EXISTS (SELECT 1 FROM ${table.seen} s WHERE ${sameKey(table, 's', 'r')})`

function dropRows(driver: SqliteDriver, table: MirrorTable, condition: string): boolean {
  const { mirror, base } = table
  driver.exec(`UPDATE ${base} AS r SET landfall_existed = 0 WHERE ${condition}`)
  driver.exec(`DELETE FROM ${mirror} AS r WHERE ${condition}
    AND NOT EXISTS (SELECT 1 FROM ${base} b WHERE ${sameKey(table, 'b', 'r')})`)
  return driver.changes() > 0
}

/** NULL is not true. `IS TRUE` would ask a column of the name `true`, where there is one. */
export function isTrue(condition: string): string {
  return `coalesce(${condition}, 0)`
}

/** SQL that is true for a row of one of the scopes; null when no scope can hold a row of this table. */
export function belongsTo(table: MirrorTable, scopes: ScopeKey[]): string | null {
  const conditions = table.definition.scopes.flatMap((rule) => condition(table, rule, scopes) ?? [])
  return conditions.length === 0 ? null : conditions.join(' OR ')
}

function condition(table: MirrorTable, rule: ManifestScope, scopes: ScopeKey[]): string | null {
  const keys = scopes.map(decodeScopeKey).filter(({ scope }) => scope === rule.scope)
  if (keys.length === 0) return null
  if (rule.column === null) return '1'
  const column = table.columns.find(({ name }) => name === rule.column)
  const codec = rule.through === undefined ? column?.codec : codecFor(rule.through.type)
  if (codec === undefined) return null
  const values = keys.map(({ key }) => quoteSqliteLiteral(codec.fromWire(key))).join(', ')
  if (rule.through === undefined) return `r.${column?.sql} IN (${values})`
  return hangsOn(
    rule.through.hops,
    'r',
    (parent) => `${parent}.${quoteIdentifier(rule.through.column)} IN (${values})`,
  )
}

type Hops = readonly ScopeHop[]

/** The row hangs on one for which `test` holds, at the end of the path: asked from there, so once for all rows. */
function hangsOn([hop, ...rest]: Hops, row: string, test: (parent: string) => string): string {
  if (hop === undefined) return test(row)
  const parent = `p${rest.length}`
  const own = hop.columns.map((name) => `${row}.${quoteIdentifier(name)}`).join(', ')
  const keys = hop.key.map((name) => `${parent}.${quoteIdentifier(name)}`).join(', ')
  const same = hop.key.map((name) => `b.${quoteIdentifier(name)} = ${parent}.${quoteIdentifier(name)}`)
  const [mirror, base] = [quoteIdentifier(hop.table), quoteIdentifier(baseName(hop.table))]
  const inside = hangsOn(rest, parent, test)
  return `(${own}) IN (
      SELECT ${keys} FROM ${mirror} ${parent}
      WHERE ${inside} AND NOT EXISTS (SELECT 1 FROM ${base} b WHERE ${same.join(' AND ')})
      UNION ALL
      SELECT ${keys} FROM ${base} ${parent} WHERE ${parent}.landfall_existed = 1 AND ${inside}
    )`
}

/** Tables before those that they hang on: what is dropped is found by its parents. */
export function childrenFirst<Table extends { table: MirrorTable }>(tables: Iterable<Table>): Table[] {
  const all = [...tables]
  const sorted = new Set<Table>()
  const visiting = new Set<Table>()
  const visit = (parts: Table): void => {
    if (visiting.has(parts)) return
    visiting.add(parts)
    const hanging = all.filter(({ table }) =>
      table.definition.scopes.some(({ through }) =>
        through?.hops.some((hop) => hop.table === parts.table.name),
      ),
    )
    hanging.forEach(visit)
    sorted.add(parts)
  }
  all.forEach(visit)
  return [...sorted]
}
