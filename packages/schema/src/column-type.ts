/**
 * From a Drizzle column to its `ColumnType`.
 *
 * The type is read from the SQL text that Drizzle would write, so custom types and every spelling of a type
 * (`int8`, `bigint`, `bigserial`) are understood alike. Enums are known by their class: their name says nothing.
 */
import type { ColumnKind, ColumnType } from '@landfall/protocol'
import { is } from 'drizzle-orm'
import { PgArray, type PgColumn, PgEnumColumn, PgEnumObjectColumn } from 'drizzle-orm/pg-core'
import { quoteIdentifier } from './quote.ts'

/** Spellings of each kind's name; the first is the one that casts are written with. */
const SPELLINGS: Record<Exclude<ColumnKind, 'enum' | 'opaque'>, readonly [string, ...string[]]> = {
  bool: ['boolean', 'bool'],
  int2: ['smallint', 'int2', 'smallserial', 'serial2'],
  int4: ['integer', 'int', 'int4', 'serial', 'serial4'],
  int8: ['bigint', 'int8', 'bigserial', 'serial8'],
  float4: ['real', 'float4'],
  float8: ['double precision', 'float8'],
  numeric: ['numeric', 'decimal'],
  text: ['text'],
  varchar: ['varchar', 'character varying'],
  char: ['char', 'character'],
  uuid: ['uuid'],
  date: ['date'],
  time: ['time', 'time without time zone'],
  timestamp: ['timestamp', 'timestamp without time zone'],
  timestamptz: ['timestamptz', 'timestamp with time zone'],
  interval: ['interval'],
  json: ['json'],
  jsonb: ['jsonb'],
  bytea: ['bytea'],
}

const KINDS = new Map(
  Object.entries(SPELLINGS).flatMap(([kind, names]) =>
    names.map((name) => [name, kind as keyof typeof SPELLINGS] as const),
  ),
)

/**
 * Types without a codec: what Postgres prints, it reads back as the same value, whatever the session's settings. Left
 * out are `money` (the locale's), the `reg` types (the search path's) and `tsvector` columns that are not generated.
 */
const OPAQUE = new Set(
  [
    'inet cidr macaddr macaddr8 citext timetz xml tsvector tsquery pg_lsn ltree hstore'.split(' '),
    'int4range int8range numrange tsrange tstzrange daterange'.split(' '),
    'int4multirange int8multirange nummultirange tsmultirange tstzmultirange datemultirange'.split(' '),
    'point line lseg box path polygon circle geometry geography vector halfvec sparsevec'.split(' '),
    ['bit', 'varbit', 'bit varying', 'time with time zone'],
  ].flat(),
)

const TYPMOD_DIGITS = /\(\s*(-?\d+)\s*(?:,\s*(-?\d+)\s*)?\)/
const ARRAY_SUFFIX = /(?:\s*\[\d*\])+$/
const WITH_TYPMOD = new Set<ColumnKind>([
  'numeric',
  'varchar',
  'char',
  'time',
  'timestamp',
  'timestamptz',
  'interval',
])

/** null when the type is not supported. */
export function readColumnType(column: PgColumn): ColumnType | null {
  if (is(column, PgArray)) {
    const element = readColumnType((column as PgArrayColumn).baseColumn)
    return element === null || element.array ? element : arrayOf(element)
  }
  if (is(column, PgEnumColumn) || is(column, PgEnumObjectColumn)) return enumType(column)
  return parseSqlType(column.getSQLType())
}

type PgArrayColumn = PgColumn & { baseColumn: PgColumn }
type PgEnum = PgColumn & { enum: { enumName: string; schema: string | undefined; enumValues: string[] } }

function enumType(column: PgEnum): ColumnType {
  const { enumName, schema, enumValues } = column.enum
  const sql = `${quoteIdentifier(schema ?? 'public')}.${quoteIdentifier(enumName)}`
  return { kind: 'enum', sql, array: false, labels: [...enumValues] }
}

/** Reads `numeric(10, 2)`, `timestamp (3) with time zone`, `varchar(20)[]`; null when it is not supported. */
export function parseSqlType(text: string): ColumnType | null {
  const lower = text.toLowerCase().trim()
  const element = lower.replace(ARRAY_SUFFIX, '')
  const [typmod = '', first, second] = TYPMOD_DIGITS.exec(element) ?? []
  const kind = KINDS.get(element.replace(typmod, ' ').replace(/\s+/g, ' ').trim())
  if (kind === undefined) return opaqueType(lower, element)
  if (typmod !== '' && !WITH_TYPMOD.has(kind)) return null
  const suffix = first === undefined ? '' : `(${first}${second === undefined ? '' : `,${second}`})`
  const type: ColumnType = { kind, sql: SPELLINGS[kind][0] + suffix, array: false }
  if (kind === 'char') type.length = Number(first ?? 1)
  if (kind === 'varchar' && first !== undefined) type.length = Number(first)
  return element === lower ? type : arrayOf(type)
}

function opaqueType(text: string, element: string): ColumnType | null {
  const name = element.replace(/\s*\([^)]*\)/, '').replace(/\s+/g, ' ')
  if (!OPAQUE.has(name)) return null
  const type: ColumnType = { kind: 'opaque', sql: element, array: false }
  return element === text ? type : arrayOf(type)
}

const arrayOf = (element: ColumnType): ColumnType => ({ ...element, sql: `${element.sql}[]`, array: true })

/** Kinds whose equal values can have different texts (1.0 and 1.00, 1 day and 24 hours): no names for rows or scopes. */
const AMBIGUOUS = new Set<ColumnKind>(['float4', 'float8', 'interval', 'json', 'jsonb', 'opaque'])

/** Whether equal values of the type always have equal texts, as primary keys and scope keys need. */
export function isTextUnique(type: ColumnType): boolean {
  if (type.kind === 'numeric') return type.sql.includes('(')
  return !AMBIGUOUS.has(type.kind)
}
