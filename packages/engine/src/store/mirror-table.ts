/**
 * A synced table as the store's modules see it: names quoted, codecs made, lists of columns ready for SQL.
 *
 * Up to four tables of Landfall's own stand beside each mirror table T: `landfall_before_T` (the rows as they were before
 * the open transaction), `landfall_between_T` (what they held in between), `landfall_base_T` (the server's last known
 * rows under unsent changes) and `landfall_seen_T` (keys seen while everything is loaded again). They have the mirror's column types, so that values compare and stay
 * exactly as they are. Their extra columns begin with `landfall_`, which no column of an app does.
 */
import {
  LandfallError,
  type Manifest,
  type ManifestColumn,
  type ManifestTable,
  type WireColumns,
} from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import { codecFor, mirrorType, quoteIdentifier, type Codec } from '@landfall/schema/internal'

export type MirrorColumn = {
  name: string
  /** Quoted. */
  sql: string
  definition: ManifestColumn
  codec: Codec
  /** The type in the STRICT mirror: INTEGER, BLOB, TEXT or ANY. */
  stored: string
  isKey: boolean
}

export type MirrorTable = {
  name: string
  definition: ManifestTable
  columns: MirrorColumn[]
  /** Key columns, in key order. */
  key: MirrorColumn[]
  /** Columns outside of the key. */
  rest: MirrorColumn[]
  /** Columns whose values in between are kept; where there are none, the table has no `between`. */
  constrained: MirrorColumn[]
  /** Positions of the key columns in `columns`. */
  keyPositions: number[]
  /** Quoted names of the table itself and of those beside it. */
  mirror: string
  before: string
  between: string
  base: string
  seen: string
  /** `"a", "b"`: all columns, the key's columns. */
  columnList: string
  keyList: string
  /** No scope gives the right to write it. */
  readonly: boolean
}

export function mirrorTables(manifest: Manifest): Map<string, MirrorTable> {
  return new Map(manifest.tables.map((table) => [table.name, mirrorTable(table)]))
}

export function mirrorTable(definition: ManifestTable): MirrorTable {
  const columns = definition.columns.map((column) => mirrorColumn(column, definition))
  const keyPositions = definition.key.map((name) => columns.findIndex((column) => column.name === name))
  const key = keyPositions.flatMap((position) => columns[position] ?? [])
  const { name } = definition
  return {
    name,
    definition,
    columns,
    key,
    rest: columns.filter((column) => !column.isKey),
    constrained: columns.filter((column) => definition.constrained.includes(column.name)),
    keyPositions,
    mirror: quoteIdentifier(name),
    before: quoteIdentifier(`landfall_before_${name}`),
    between: quoteIdentifier(`landfall_between_${name}`),
    base: quoteIdentifier(baseName(name)),
    seen: quoteIdentifier(`landfall_seen_${name}`),
    columnList: list(columns),
    keyList: list(key),
    readonly: definition.write.length === 0,
  }
}

export const baseName = (table: string): string => `landfall_base_${table}`

function mirrorColumn(definition: ManifestColumn, table: ManifestTable): MirrorColumn {
  return {
    name: definition.name,
    sql: quoteIdentifier(definition.name),
    definition,
    codec: codecFor(definition.type),
    stored: mirrorType(definition.type),
    isKey: table.key.includes(definition.name),
  }
}

/** The columns of a table beside the mirror: all as in the mirror, but nothing is NOT NULL outside of the key. */
export function sideColumnsDdl(columns: MirrorColumn[]): string {
  return columns
    .map((column) => `${column.sql} ${column.stored}${column.isKey ? ' NOT NULL' : ''}`)
    .join(',\n  ')
}

/** `"a", "b"`, or `new."a", new."b"` with a prefix. */
export function list(columns: MirrorColumn[], prefix = ''): string {
  return columns.map((column) => prefix + column.sql).join(', ')
}

/** `left."k1" = right."k1" AND ...` */
export function sameKey(table: MirrorTable, left: string, right: string): string {
  return table.key.map(({ sql }) => `${left}.${sql} = ${right}.${sql}`).join(' AND ')
}

/** `"k1" = ?1 AND ...`, with each key column's parameter given by `at`. */
export function keyIs(table: MirrorTable, at: (position: number, index: number) => number): string {
  return table.key
    .map(({ sql }, index) => `${sql} = ?${at(table.keyPositions[index] ?? 0, index)}`)
    .join(' AND ')
}

/** Wire columns as the mirror stores them. */
export function toStored(columns: MirrorColumn[], wire: WireColumns): SqliteValue[][] {
  if (wire.length !== columns.length)
    throw new LandfallError('response_invalid', { reason: 'a block has the wrong number of columns' })
  return columns.map(({ codec }, index) => (wire[index] ?? []).map((text) => codec.fromWire(text)))
}
