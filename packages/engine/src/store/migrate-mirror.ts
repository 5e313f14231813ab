/**
 * Brings the local tables to the app's schema. The outbox is never touched: unsent changes survive any schema.
 *
 * A table whose definition has changed is rebuilt, keeping the values of the columns that are still of the same type;
 * so is its base. Where that cannot be (another key, another type, a new NOT NULL column without a default) the
 * table starts empty. Then everything is loaded again, so that new columns get their values.
 */
import type { Manifest, ManifestColumn, ManifestTable } from '@landfall/protocol'
import {
  mirrorColumnDdl,
  mirrorIndexDdl,
  mirrorIndexName,
  mirrorTableDdl,
  quoteIdentifier,
} from '@landfall/schema/internal'
import type { SqliteDriver } from '../ports.ts'
import { baseDdl } from './base.ts'
import { only, updateState } from './bookkeeping.ts'
import { captureDdl } from './capture.ts'
import { textIn } from './cells.ts'
import { mirrorTable, mirrorTables, type MirrorTable } from './mirror-table.ts'
import { forgetGaps } from './gaps.ts'
import { unloadScopes } from './scopes.ts'

/** Inside a transaction. */
export function migrateMirror(driver: SqliteDriver, manifest: Manifest): void {
  const stored = storedManifest(driver)
  if (stored?.hash !== manifest.hash) changeTables(driver, stored?.tables ?? [], manifest.tables)
  matchIndexes(driver, manifest)
  if (stored?.hash === manifest.hash) return
  updateState(driver, { manifest: JSON.stringify(manifest), manifest_hash: manifest.hash })
  if (stored !== null) forgetCursor(driver, mirrorTables(manifest).values())
}

/** Everything is loaded again; rows stay until they are replaced or turn out to be gone. Inside a transaction. */
export function forgetCursor(driver: SqliteDriver, tables: Iterable<MirrorTable>): void {
  updateState(driver, { snapshot: null, history: null, loading_again: 1 })
  unloadScopes(driver)
  forgetGaps(driver)
  for (const table of tables) driver.exec(`DELETE FROM ${table.seen}`)
}

function storedManifest(driver: SqliteDriver): Manifest | null {
  const text = only(driver, 'SELECT manifest FROM landfall_state')
  if (typeof text !== 'string' || text === '') return null
  const stored = JSON.parse(text) as Manifest // written above
  return { ...stored, tables: stored.tables.map(ofToday) }
}

/**
 * An older build did not say who may write, and nothing here asks. One that knew no order captures none: its tables are
 * like none of today, and are made anew.
 */
const ofToday = (table: ManifestTable): ManifestTable => ({
  ...table,
  write: table.write ?? [],
  constrained: table.constrained ?? ['*'],
})

function changeTables(driver: SqliteDriver, before: ManifestTable[], after: ManifestTable[]): void {
  const old = new Map(before.map((table) => [table.name, table]))
  for (const table of after) {
    const known = old.get(table.name)
    old.delete(table.name)
    if (known === undefined) create(driver, table)
    else if (!isSame(known, table)) rebuild(driver, known, table)
  }
  for (const table of old.values()) drop(driver, mirrorTable(table))
}

function create(driver: SqliteDriver, definition: ManifestTable): void {
  const table = mirrorTable(definition)
  const seen = `CREATE TABLE ${table.seen} (
  ${table.key.map((column) => `${column.sql} ${column.stored} NOT NULL`).join(', ')},
  PRIMARY KEY (${table.keyList})
) STRICT, WITHOUT ROWID`
  for (const sql of [mirrorTableDdl(definition), ...captureDdl(table), baseDdl(table), seen]) driver.exec(sql)
}

function drop(driver: SqliteDriver, table: MirrorTable): void {
  for (const name of [table.mirror, table.before, table.base, table.seen]) driver.exec(`DROP TABLE ${name}`)
  driver.exec(`DROP TABLE IF EXISTS ${table.between}`)
}

/** Renaming would drag indexes and triggers along; a copy under a plain name does not. */
function rebuild(driver: SqliteDriver, before: ManifestTable, after: ManifestTable): void {
  const old = mirrorTable(before)
  const kept = isCompatible(before, after) ? keptColumns(before, after) : null
  if (kept !== null) {
    driver.exec(`CREATE TEMP TABLE landfall_old_mirror AS SELECT * FROM ${old.mirror}`)
    driver.exec(`CREATE TEMP TABLE landfall_old_base AS SELECT * FROM ${old.base}`)
  }
  drop(driver, old)
  create(driver, after)
  if (kept === null) return
  const table = mirrorTable(after)
  const columns = kept.map(quoteIdentifier).join(', ')
  const marks = 'landfall_existed, landfall_touched, landfall_first, landfall_last, landfall_stale'
  driver.exec(`
    UPDATE landfall_guard SET capturing = 0;
    INSERT INTO ${table.mirror} (${columns}) SELECT ${columns} FROM temp.landfall_old_mirror;
    UPDATE landfall_guard SET capturing = 1;
    INSERT INTO ${table.base} (${columns}, ${marks}) SELECT ${columns}, ${marks} FROM temp.landfall_old_base;
    DROP TABLE temp.landfall_old_mirror;
    DROP TABLE temp.landfall_old_base;
  `)
}

function isSame(before: ManifestTable, after: ManifestTable): boolean {
  return JSON.stringify(shape(before)) === JSON.stringify(shape(after))
}

/** What the local tables are made of; policies and scopes are not. */
const shape = (table: ManifestTable): unknown => [
  table.key,
  table.constrained,
  table.columns.map((column) => [mirrorColumnDdl(column), column.type]),
]

function isCompatible(before: ManifestTable, after: ManifestTable): boolean {
  if (JSON.stringify(before.key) !== JSON.stringify(after.key)) return false
  const old = new Map(before.columns.map((column) => [column.name, column]))
  return after.columns.every((column) => canFill(column, old.get(column.name)))
}

/** Whether existing rows get a value: their own, the default, or NULL. */
function canFill(column: ManifestColumn, old: ManifestColumn | undefined): boolean {
  const mayBeNull = !mirrorColumnDdl(column).includes(' NOT NULL')
  if (old === undefined) return mayBeNull || column.localDefault !== null
  const wasNull = !mirrorColumnDdl(old).includes(' NOT NULL')
  return JSON.stringify(old.type) === JSON.stringify(column.type) && (mayBeNull || !wasNull)
}

function keptColumns(before: ManifestTable, after: ManifestTable): string[] {
  const names = new Set(before.columns.map(({ name }) => name))
  return after.columns.map(({ name }) => name).filter((name) => names.has(name))
}

/** Indexes may change without the schema's hash: they mean nothing. */
function matchIndexes(driver: SqliteDriver, manifest: Manifest): void {
  const wanted = manifest.tables.flatMap(mirrorIndexDdl)
  const names = manifest.tables.flatMap(({ name, indexes }) =>
    indexes.map((columns) => mirrorIndexName(name, columns)),
  )
  const existing = driver
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
    .all([])
    .map(([name]) => textIn(name))
  for (const name of existing) {
    if (!names.includes(name)) driver.exec(`DROP INDEX ${quoteIdentifier(name)}`)
  }
  for (const sql of wanted) driver.exec(sql)
}
