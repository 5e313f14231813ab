/**
 * Between the values that a Drizzle column shows (Date, bigint, objects, arrays) and their stored form.
 *
 * A value from Drizzle gets the canonical stored form at once, so that `eq(checks.due, date)` finds the row. A column in
 * Drizzle's mode 'date' shows milliseconds only; the stored microseconds stay until the column is written. Custom
 * types, and those that only Postgres checks, run their own mapping, over what a Postgres driver would hand them. Does not know tables.
 */
import type { ColumnType } from '@landfall/protocol'
import { is } from 'drizzle-orm'
import { PgArray, type PgColumn, PgCustomColumn } from 'drizzle-orm/pg-core'
import { type Codec, type SqliteValue } from './codec.ts'
import { codecFor } from './codec-for.ts'
import { type ArrayItem, parseArray, printArray } from './codecs/array-literal.ts'
import { millisFromText, textFromMillis } from './codecs/date-time.ts'

export type DrizzleValue = {
  toStored(data: unknown): SqliteValue
  fromStored(stored: SqliteValue): unknown
}

export function drizzleValue(column: PgColumn, type: ColumnType): DrizzleValue {
  const codec = codecFor(type)
  const inner = innermost(column)
  const isArray = is(column, PgArray)
  const element = isArray ? codecFor({ ...type, array: false }) : codec
  return {
    toStored(data) {
      const raw = isArray
        ? arrayText(data, (item) => toRaw(inner, type, item), element)
        : toRaw(inner, type, data)
      return codec.fromWire(codec.toWire(raw))
    },
    fromStored(stored) {
      if (stored === null) return null
      if (!isArray) return fromStored(inner, type, stored)
      const items = parseArray(String(stored))?.items ?? []
      return mapItems(items, (text) => fromStored(inner, type, element.fromWire(text)))
    },
  }
}

function innermost(column: PgColumn): PgColumn {
  return is(column, PgArray) ? innermost((column as PgColumn & { baseColumn: PgColumn }).baseColumn) : column
}

/** What the element's codec takes, from what the app hands in. */
function toRaw(column: PgColumn, type: ColumnType, data: unknown): SqliteValue {
  // What only Postgres checks, Drizzle writes as a driver would.
  const custom = is(column, PgCustomColumn) || type.kind === 'opaque'
  const value = custom ? column.mapToDriverValue(data) : data
  if ((type.kind === 'json' || type.kind === 'jsonb') && !(custom && typeof value === 'string'))
    return JSON.stringify(value) ?? null
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value instanceof Date) return textFromMillis(type.kind, value.getTime())
  return value as SqliteValue // the codec refuses whatever else it may be
}

function arrayText(data: unknown, toRawItem: (item: unknown) => SqliteValue, element: Codec): SqliteValue {
  if (!Array.isArray(data)) return data as SqliteValue
  const read = (item: unknown): ArrayItem =>
    item === null ? null : Array.isArray(item) ? item.map(read) : element.toWire(toRawItem(item))
  return printArray({ bounds: '', items: data.map(read) }, (text) => text)
}

function mapItems(items: ArrayItem[], map: (text: string) => unknown): unknown[] {
  return items.map((item) => (item === null ? null : Array.isArray(item) ? mapItems(item, map) : map(item)))
}

function fromStored(column: PgColumn, type: ColumnType, stored: SqliteValue): unknown {
  if (is(column, PgCustomColumn) || type.kind === 'opaque')
    return column.mapFromDriverValue(driverForm(type, stored))
  switch (column.dataType) {
    case 'bigint':
      return BigInt(stored as string | number | bigint)
    case 'number':
      return Number(stored)
    case 'date':
      return new Date(millisFromText(String(stored)))
    case 'json':
      return JSON.parse(String(stored))
    default:
      return driverForm(type, stored)
  }
}

/** What Postgres drivers hand over. */
function driverForm(type: ColumnType, stored: SqliteValue): unknown {
  if (type.kind === 'bool') return stored === 1
  if (type.kind === 'float4' || type.kind === 'float8') return Number(stored)
  if (type.kind === 'timestamptz') return String(stored).replace(/\+00:00$/, '+00')
  return stored
}
