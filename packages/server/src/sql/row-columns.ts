/**
 * Rows of one table as SQL: the texts of their columns, which scopes they are in, and blocks of columns as JSON.
 *
 * Knows the manifest and how Postgres builds a `WireColumns`; knows nothing of cursors or requests.
 */
import type { ColumnType, ManifestColumn, ManifestTable } from '@landfall/protocol'
import { quoteIdentifier } from '@landfall/schema/internal'
import type { Param } from '../database/database.ts'

/** Collects the parameters of a statement while its text is written: `${bind(value)}` is `$1`, `$2`, ... */
export function createBinder(): { params: Param[]; bind: (value: Param) => string } {
  const params: Param[] = []
  return { params, bind: (value) => `$${params.push(value)}` }
}

export type Bind = (value: Param) => string

export function columnOf(table: ManifestTable, name: string): ManifestColumn {
  const column = table.columns.find((candidate) => candidate.name === name)
  if (column === undefined) throw new Error(`${table.name} has no synced column ${name}`)
  return column
}

/** Without a length: a cast to `varchar(3)` or `bit(3)` cuts silently, where storing a longer value is an error. */
export function castType(type: ColumnType): string {
  const suffix = type.array ? '[]' : ''
  if (type.kind === 'varchar') return `varchar${suffix}`
  if (type.kind === 'char') return `bpchar${suffix}`
  if (/^bit\b|^varbit\b/.test(type.sql)) return `varbit${suffix}`
  return type.sql
}

export function keyColumns(table: ManifestTable): ManifestColumn[] {
  return table.key.map((name) => columnOf(table, name))
}

/** `t."id"::text AS c0, t."title"::text AS c1`: the row's columns as Postgres prints them, in manifest order. */
export function textColumns(table: ManifestTable): string {
  return table.columns.map((column, i) => `t.${quoteIdentifier(column.name)}::text AS c${i}`).join(', ')
}

/** A block of the rows of a relation that has the columns `c0`, `c1`, ...: one aggregate per column, over 100 too. */
export function columnBlock(count: number): string {
  const columns = Array.from({ length: count }, (_, i) => `coalesce(json_agg(c${i}), '[]')`)
  return `to_json(ARRAY[${columns.join(', ')}]::json[])`
}

/** Kinds whose texts are short whatever the value. */
const SHORT_KINDS: ReadonlySet<string> = new Set(
  'bool int2 int4 int8 float4 float8 uuid date time timestamp timestamptz'.split(' '),
)
const SHORT_BYTES = 40

export function isShort(type: ManifestColumn['type']): boolean {
  return !type.array && SHORT_KINDS.has(type.kind)
}

/** About how long a row is as JSON, from its columns `c0`, `c1`, ...: asking every column for its length cost as much as building the page. */
export function bytesOfRow({ columns }: ManifestTable): string {
  const long = columns.flatMap(({ type }, i) => (isShort(type) ? [] : [i]))
  const fixed = SHORT_BYTES * (columns.length - long.length)
  return [`${fixed}`, ...long.map((i) => `coalesce(octet_length(c${i}), 4) + 3`)].join(' + ')
}
