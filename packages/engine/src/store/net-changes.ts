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
import { LandfallError } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import type { SqliteDriver } from '../ports.ts'
import { numberIn } from './cells.ts'
import type { Correction } from './encode-column.ts'
import { list, type MirrorColumn, sameKey, type MirrorTable } from './mirror-table.ts'
import { type ChangedRows, deleteBlocks, insertBlocks, type NetBlock, updateBlocks } from './net-blocks.ts'

export type NetChanges = {
  blocks: NetBlock[]
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

  function inserts(corrections: Correction[]): NetBlock[] {
    const { columns, firsts } = readRows(sql.inserted)
    const keys = table.keyPositions.map((position) => columns[position] ?? [])
    const formerly = (column: MirrorColumn): SqliteValue[] =>
      driver.prepare(sql.formerly(column)).allColumns([])[0] ?? []
    return insertBlocks({ table, keys, firsts, corrections }, columns, formerly)
  }

  function updates(corrections: Correction[]): NetBlock[] {
    const [flags = []] = driver.prepare(sql.differing).all([])
    const columns = table.rest.filter((_, index) => flags[index] === 1)
    if (columns.length === 0) return []
    const { key } = table
    const { columns: read, firsts } = readRows(sql.updated(columns))
    const encoder: ChangedRows = { table, keys: read.slice(0, key.length), firsts, corrections }
    const pairs = columns.map((column, index) => ({
      column,
      before: read[key.length + 2 * index] ?? [],
      now: read[key.length + 2 * index + 1] ?? [],
    }))
    return updateBlocks(encoder, pairs)
  }

  function deletes(): NetBlock[] {
    const { columns, firsts } = readRows(sql.deleted)
    return deleteBlocks(table, columns, firsts)
  }

  /** The last column is the moment of the first touch. */
  function readRows(text: string): { columns: SqliteValue[][]; firsts: number[] } {
    const columns = driver.prepare(text).allColumns([])
    return { columns: columns.slice(0, -1), firsts: (columns.at(-1) ?? []).map(numberIn) }
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
    inserted: `SELECT ${list(table.columns, 't.')}, b.landfall_first FROM ${joined} WHERE b.landfall_existed = 0`,
    formerly: ({ sql }: MirrorColumn) => `SELECT DISTINCT ${sql} FROM ${before} WHERE landfall_existed = 1`,
    /** Which columns differ in any row. A stored number may differ in its sign alone, which SQL does not see. */
    differing: `SELECT ${table.rest.map(differs).join(', ') || '0'} FROM ${joined} WHERE b.landfall_existed = 1`,
    updated: (columns: MirrorTable['columns']) =>
      `SELECT ${list(table.key, 't.')}, ${columns.map(({ sql }) => `b.${sql}, t.${sql}`).join(', ')}, b.landfall_first
       FROM ${joined} WHERE b.landfall_existed = 1`,
    deleted: `SELECT ${list(table.columns, 'b.')}, b.landfall_first FROM ${before} b WHERE b.landfall_existed = 1
      AND NOT EXISTS (SELECT 1 FROM ${mirror} t WHERE ${sameKey(table, 't', 'b')})`,
    clear: `DELETE FROM ${before}`,
  }
}

const differs = ({ sql, stored }: MirrorTable['columns'][number]): string =>
  stored === 'ANY' ? 'count(*) > 0' : `max(b.${sql} IS NOT t.${sql})`

/** Under its canonical key a row is as old as under the one that the app gave it. */
function keepPlace(driver: SqliteDriver, table: MirrorTable, { key, column, value }: Correction): void {
  const canonical = key.map((part, k) => (table.key[k] === column ? value : part))
  const is = (at: number): string => table.key.map(({ sql }, k) => `${sql} = ?${k + at}`).join(' AND ')
  driver
    .prepare(
      `UPDATE ${table.before} SET landfall_first = min(landfall_first,
        (SELECT landfall_first FROM ${table.before} WHERE ${is(1)})) WHERE ${is(1 + key.length)}`,
    )
    .run([...key, ...canonical])
}

/** Stores canonical values; true when a key was among them. */
function correct(driver: SqliteDriver, table: MirrorTable, corrections: Correction[]): boolean {
  const keysFirst = corrections.some(({ column }) => column.isKey)
  for (const { key, column, value } of corrections) {
    if (column.isKey !== keysFirst) continue
    const where = table.key.map(({ sql }) => `${sql} = ?`).join(' AND ')
    driver.prepare(`UPDATE ${table.mirror} SET ${column.sql} = ? WHERE ${where}`).run([value, ...key])
    if (column.isKey) keepPlace(driver, table, { key, column, value })
  }
  return keysFirst
}
