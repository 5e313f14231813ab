/**
 * The net effect of the open transaction on one table: before images against the rows as they are now.
 *
 * | before   | now      |                                                    |
 * |----------|----------|----------------------------------------------------|
 * | absent   | there    | insert                                             |
 * | there    | gone     | delete, with all old values                        |
 * | there    | differs  | update of the columns that differ on the wire      |
 * | absent   | gone     | nothing                                            |
 *
 * Values are also brought to their canonical stored form. A key that changes by that is corrected first, through the
 * triggers, and the table is read again: `UPDATE t SET id = upper(id)` is then seen to change nothing.
 */
import { LandfallError, type ChangeBlock } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import type { SqliteDriver } from '../ports.ts'
import type { Correction, Encoder } from './encode-column.ts'
import { list, type MirrorColumn, sameKey, type MirrorTable } from './mirror-table.ts'
import { deleteBlocks, insertBlocks, updateBlocks } from './net-blocks.ts'

export type NetChanges = {
  blocks: ChangeBlock[]
  /** How many rows have a before image, changed or not. */
  entries: number
}

export type NetReader = { table: MirrorTable; read(): NetChanges; clear(): void }

export function createNetReader(driver: SqliteDriver, table: MirrorTable): NetReader {
  const sql = netSql(table)

  function read(): NetChanges {
    const corrections: Correction[] = []
    const [[entries = 0, existed = 0] = []] = driver.prepare(sql.count).all([])
    const blocks = entries === existed ? [] : inserts(corrections)
    if (existed !== 0) blocks.push(...updates(corrections), ...deletes())
    return correct(driver, table, corrections) ? read() : { blocks, entries: Number(entries) }
  }

  function inserts(corrections: Correction[]): ChangeBlock[] {
    const columns = driver.prepare(sql.inserted).allColumns([])
    const keys = table.keyPositions.map((position) => columns[position] ?? [])
    const formerly = (column: MirrorColumn): SqliteValue[] =>
      driver.prepare(sql.formerly(column)).allColumns([])[0] ?? []
    return insertBlocks({ table, keys, corrections }, columns, formerly)
  }

  function updates(corrections: Correction[]): ChangeBlock[] {
    const [flags = []] = driver.prepare(sql.differing).all([])
    const columns = table.rest.filter((_, index) => flags[index] === 1)
    if (columns.length === 0) return []
    const { key } = table
    const read = driver.prepare(sql.updated(columns)).allColumns([])
    const encoder: Encoder = { table, keys: read.slice(0, key.length), corrections }
    const pairs = columns.map((column, index) => ({
      column,
      before: read[key.length + 2 * index] ?? [],
      now: read[key.length + 2 * index + 1] ?? [],
    }))
    return updateBlocks(encoder, pairs)
  }

  function deletes(): ChangeBlock[] {
    return deleteBlocks(table, driver.prepare(sql.deleted).allColumns([]))
  }

  return {
    table,
    read() {
      const changes = read()
      if (table.readonly && changes.blocks.length > 0)
        throw new LandfallError('readonly_table', { table: table.name })
      return changes
    },
    clear: () => void driver.prepare(sql.clear).run([]),
  }
}

function netSql(table: MirrorTable) {
  const { before, mirror } = table
  const joined = `${before} b CROSS JOIN ${mirror} t ON ${sameKey(table, 't', 'b')}`
  return {
    count: `SELECT count(*), coalesce(sum(landfall_existed), 0) FROM ${before}`,
    inserted: `SELECT ${list(table.columns, 't.')} FROM ${joined} WHERE b.landfall_existed = 0`,
    formerly: ({ sql }: MirrorColumn) => `SELECT DISTINCT ${sql} FROM ${before} WHERE landfall_existed = 1`,
    /** Which columns differ in any row. A stored number may differ in its sign alone, which SQL does not see. */
    differing: `SELECT ${table.rest.map(differs).join(', ') || '0'} FROM ${joined} WHERE b.landfall_existed = 1`,
    updated: (columns: MirrorTable['columns']) =>
      `SELECT ${list(table.key, 't.')}, ${columns.map(({ sql }) => `b.${sql}, t.${sql}`).join(', ')}
       FROM ${joined} WHERE b.landfall_existed = 1`,
    deleted: `SELECT ${list(table.columns, 'b.')} FROM ${before} b WHERE b.landfall_existed = 1
      AND NOT EXISTS (SELECT 1 FROM ${mirror} t WHERE ${sameKey(table, 't', 'b')})`,
    clear: `DELETE FROM ${before}`,
  }
}

const differs = ({ sql, stored }: MirrorTable['columns'][number]): string =>
  stored === 'ANY' ? 'count(*) > 0' : `max(b.${sql} IS NOT t.${sql})`

/** Stores canonical values; true when a key was among them. */
function correct(driver: SqliteDriver, table: MirrorTable, corrections: Correction[]): boolean {
  const keysFirst = corrections.some(({ column }) => column.isKey)
  for (const { key, column, value } of corrections) {
    if (column.isKey !== keysFirst) continue
    const where = table.key.map(({ sql }) => `${sql} = ?`).join(' AND ')
    driver.prepare(`UPDATE ${table.mirror} SET ${column.sql} = ? WHERE ${where}`).run([value, ...key])
  }
  return keysFirst
}
