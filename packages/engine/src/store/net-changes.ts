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
import { quoteSqliteLiteral, type SqliteValue } from '@landfall/schema'
import type { SqliteDriver } from '../ports.ts'
import { createBlockBuilder, type BlockBuilder } from './change-blocks.ts'
import { encodeValue, keyOf, placeOf, sameValue, type Correction, type StoredRow } from './encode-row.ts'
import { list, sameKey, type MirrorTable } from './mirror-table.ts'

export type NetReader = { table: MirrorTable; read(): ChangeBlock[]; clear(): void }

type Pass = { table: MirrorTable; builder: BlockBuilder; corrections: Correction[] }

export function createNetReader(driver: SqliteDriver, table: MirrorTable): NetReader {
  const inserted = `SELECT ${list(table.columns, 't.')} FROM ${table.before} b CROSS JOIN ${table.mirror} t
    ON ${sameKey(table, 't', 'b')} WHERE b.landfall_existed = 0`
  const changed = `SELECT ${list(table.columns, 'b.')}, ${list(table.columns, 't.')}
    FROM ${table.before} b LEFT JOIN ${table.mirror} t ON ${sameKey(table, 't', 'b')}
    WHERE b.landfall_existed = 1`
  const clear = `DELETE FROM ${table.before}`

  function read(): ChangeBlock[] {
    const pass: Pass = { table, builder: createBlockBuilder(table), corrections: [] }
    for (const row of driver.prepare(inserted).all([])) addInsert(pass, row)
    for (const row of driver.prepare(changed).all([])) addChange(pass, row)
    const rekeyed = correct(driver, pass)
    return rekeyed ? read() : pass.builder.blocks()
  }

  return {
    table,
    read() {
      const blocks = read()
      if (table.readonly && blocks.length > 0)
        throw new LandfallError('readonly_table', { table: table.name })
      return blocks
    },
    clear: () => driver.exec(clear),
  }
}

/** NULL in a column with a default is left out: Postgres fills it in. */
function addInsert({ table, builder, corrections }: Pass, row: StoredRow): void {
  const columns: number[] = []
  const values: (string | null)[] = []
  for (let position = 0; position < table.columns.length; position++) {
    const column = table.columns[position]
    if (column === undefined) continue
    const { definition } = column
    const value = row[position] ?? null
    if (value === null && (definition.hasDefault || !definition.nullable)) continue
    if (definition.readonly) {
      if (value !== null && !isLocalDefault(definition.localDefault, value))
        throw new LandfallError('readonly_column', placeOf(table, column, row))
      continue
    }
    columns.push(position)
    values.push(encodeValue(table, row, { column, position, corrections }))
  }
  builder.add({ operation: 'insert', key: wireKey(table, row), columns, old: [], new: values })
}

function addChange(pass: Pass, row: StoredRow): void {
  const { table, builder } = pass
  const before = row.slice(0, table.columns.length)
  const now = row.slice(table.columns.length)
  if (now[table.keyPositions[0] ?? 0] !== null) return addUpdate(pass, before, now)
  const columns = table.columns.map((_, position) => position)
  const old = columns.map(
    (position) => table.columns[position]?.codec.toWire(before[position] ?? null) ?? null,
  )
  builder.add({ operation: 'delete', key: wireKey(table, before), columns, old, new: [] })
}

function addUpdate({ table, builder, corrections }: Pass, before: StoredRow, now: StoredRow): void {
  const change = { columns: [] as number[], old: [] as (string | null)[], new: [] as (string | null)[] }
  for (let position = 0; position < table.columns.length; position++) {
    const column = table.columns[position]
    if (column === undefined || column.isKey || sameValue(before[position] ?? null, now[position] ?? null))
      continue
    const value = encodeValue(table, now, { column, position, corrections })
    const old = column.codec.toWire(before[position] ?? null)
    if (value === old) continue
    if (column.definition.readonly) throw new LandfallError('readonly_column', placeOf(table, column, now))
    change.columns.push(position)
    change.old.push(old)
    change.new.push(value)
  }
  if (change.columns.length > 0) builder.add({ operation: 'update', key: wireKey(table, before), ...change })
}

function wireKey(table: MirrorTable, row: StoredRow): (string | null)[] {
  return table.key.map((column, index) => column.codec.toWire(keyOf(table, row)[index] ?? null))
}

/** A readonly column may hold its own default: the app did not write it. An expression can give anything. */
function isLocalDefault(localDefault: string | null, value: SqliteValue): boolean {
  if (localDefault === null) return false
  return localDefault.startsWith('(') || localDefault === quoteSqliteLiteral(value)
}

/** Stores canonical values; true when a key was among them. */
function correct(driver: SqliteDriver, { table, corrections }: Pass): boolean {
  const keysFirst = corrections.some(({ column }) => column.isKey)
  for (const { key, column, value } of corrections) {
    if (column.isKey !== keysFirst) continue
    const where = table.key.map(({ sql }) => `${sql} = ?`).join(' AND ')
    driver.prepare(`UPDATE ${table.mirror} SET ${column.sql} = ? WHERE ${where}`).run([value, ...key])
  }
  return keysFirst
}
