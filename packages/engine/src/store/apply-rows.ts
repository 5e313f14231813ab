/**
 * Rows from the server into one table: where a row has unsent changes its base takes them, else the mirror.
 */
import { rowCount, type TablePatch, type WireColumns } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import type { SqliteDriver } from '../ports.ts'
import { upsertClause, type Base } from './base.ts'
import { keyIs, sameKey, toStored, type MirrorTable } from './mirror-table.ts'

export type ApplyMode = {
  /** Some row of this table has unsent changes. */
  hasBase: boolean
  /** Everything is being loaded again: keys are remembered. */
  loadingAgain: boolean
}

export type RowApplier = {
  /** True if the patch holds anything. */
  patch(patch: TablePatch, mode: ApplyMode): boolean
  rows(wire: WireColumns, mode: ApplyMode): boolean
  /** Keys as stored, columns in key order. */
  removed(keys: SqliteValue[][], mode: ApplyMode): boolean
}

export function createRowApplier(driver: SqliteDriver, table: MirrorTable, base: Base): RowApplier {
  const sql = rowSql(table)

  function rows(wire: WireColumns, mode: ApplyMode): boolean {
    if (rowCount(wire) === 0) return false
    const columns = toStored(table.columns, wire)
    if (mode.hasBase) base.replace(columns)
    driver.prepare(mode.hasBase ? sql.upsertUntouched : sql.upsert).runColumns(columns)
    if (mode.loadingAgain) driver.prepare(sql.see).runColumns(keysOf(table, columns))
    return true
  }

  function removed(keys: SqliteValue[][], mode: ApplyMode): boolean {
    if ((keys[0]?.length ?? 0) === 0) return false
    if (mode.hasBase) base.forget(keys)
    driver.prepare(mode.hasBase ? sql.deleteUntouched : sql.delete).runColumns(keys)
    return true
  }

  function truncate(): boolean {
    base.forgetAll()
    driver.exec(sql.deleteAllUntouched)
    return true
  }

  return {
    rows,
    removed,
    patch(patch, mode) {
      const emptied = patch.truncated && truncate()
      const gone = rowCount(patch.removed) > 0 && removed(toStored(table.key, patch.removed), mode)
      const came = rows(patch.rows, mode)
      return emptied || gone || came
    },
  }
}

function rowSql(table: MirrorTable) {
  const { mirror, columnList, keyList } = table
  const params = table.columns.map((_, index) => `?${index + 1}`).join(', ')
  const rowKey = keyIs(table, (position) => position + 1)
  const key = keyIs(table, (_, index) => index + 1)
  const keyParams = table.key.map((_, index) => `?${index + 1}`).join(', ')
  const untouched = (condition: string): string =>
    `NOT EXISTS (SELECT 1 FROM ${table.base} WHERE ${condition})`
  const insert = `INSERT INTO ${mirror} AS landfall_row (${columnList})`
  return {
    upsert: `${insert} VALUES (${params}) ${upsertClause(table)}`,
    upsertUntouched: `${insert} SELECT ${params} WHERE ${untouched(rowKey)} ${upsertClause(table)}`,
    delete: `DELETE FROM ${mirror} WHERE ${key}`,
    deleteUntouched: `DELETE FROM ${mirror} WHERE ${key} AND ${untouched(key)}`,
    deleteAllUntouched: `DELETE FROM ${mirror} AS r
      WHERE NOT EXISTS (SELECT 1 FROM ${table.base} b WHERE ${sameKey(table, 'b', 'r')})`,
    see: `INSERT OR IGNORE INTO ${table.seen} (${keyList}) VALUES (${keyParams})`,
  }
}

function keysOf(table: MirrorTable, columns: SqliteValue[][]): SqliteValue[][] {
  return table.keyPositions.map((position) => columns[position] ?? [])
}
