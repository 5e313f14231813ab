/**
 * The base view: the server's last known rows, without unsent changes, read in key order and in parts.
 *
 * A row with unsent changes is read from its base row, if the server had it; every other row from the mirror. Local
 * transactions do not change the view, since a base row is a copy of the row before them; only pulls, pages and repairs
 * do. So the parts of one reading fit together although the app writes in between.
 */
import type { WireRow, WireValue } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import type { BaseRead, BaseRow } from './store.ts'
import { type ApplyContext, partsOf } from './apply.ts'
import { list, type MirrorColumn, type MirrorTable, sameKey } from './mirror-table.ts'
import { sameValue } from './same-value.ts'
import { belongsTo, isTrue } from './scopes.ts'

export function readBase(context: ApplyContext, read: BaseRead): BaseRow[] {
  const { table } = partsOf(context, read.table)
  const sql = readSql(table, read)
  if (sql === null) return []
  const stored = context.driver.prepare(sql).all([...(read.after ?? []), read.limit])
  return stored.map((row) => {
    const texts = table.columns.map((column, i) => exactText(column, row[i] ?? null))
    return {
      key: table.keyPositions.map((position) => row[position] ?? null),
      keyTexts: table.keyPositions.map((position) => texts[position] ?? null),
      texts,
    }
  })
}

/** null: no row can be meant. A subquery would do, but SQLite gives a column called `true` another name in one. */
function readSql(table: MirrorTable, { scopes, rows, after }: BaseRead): string | null {
  const inside = belongsTo(table, [...scopes])
  if (inside === null && rows === 'inside') return null
  const { mirror, base, columnList } = table
  const params = table.key.map((_, i) => `?${i + 1}`).join(', ')
  const asked = [
    rows === 'inside' ? isTrue(inside ?? '0') : `NOT ${isTrue(inside ?? '0')}`,
    ...(after === null ? [] : [`(${list(table.key, 'r.')}) > (${params})`]),
  ].join(' AND ')
  return `
    SELECT ${columnList} FROM ${mirror} r
    WHERE ${asked} AND NOT EXISTS (SELECT 1 FROM ${base} b WHERE ${sameKey(table, 'b', 'r')})
    UNION ALL
    SELECT ${columnList} FROM ${base} r
    WHERE ${asked} AND r.landfall_existed = 1
    ORDER BY ${table.keyPositions.map((position) => position + 1).join(', ')}
    LIMIT ?`
}

/** Postgres has no text with U+0000, so what begins with it equals nothing there. */
const FOREIGN = '\0'

/**
 * The text that Postgres prints for the value, provided that the value is stored as that text would be. For any other
 * a text that Postgres never prints: a value that was damaged into another spelling of itself is damaged.
 */
function exactText({ codec, stored, definition }: MirrorColumn, value: SqliteValue): WireValue {
  if (value === null) return null
  const { kind, array } = definition.type
  // Stored as Postgres prints them: the text itself is compared, whether or not a codec would take it.
  if (stored === 'TEXT' && (kind !== 'timestamptz' || array))
    return typeof value === 'string' ? value : foreign(value)
  try {
    const text = codec.toWire(value)
    return sameValue(codec.fromWire(text), value) ? text : foreign(value)
  } catch {
    return foreign(value)
  }
}

const foreign = (value: SqliteValue): string => `${FOREIGN}${typeof value}:${String(value)}`

/** Whether the texts can be those of a row in Postgres. */
export function isPossible(texts: WireRow): boolean {
  return !texts.some((text) => text?.includes(FOREIGN))
}
