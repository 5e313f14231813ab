/**
 * The SQL that all statements of a push share: the rows of a batch as a relation `u`, matched with live rows `t`.
 *
 * `u` has the key texts `k0`, `k1`, ..., the old texts `o0`, ..., the new texts `w0`, ..., and the row's number `n`, from
 * 1. Every text is cast where it is used, so that Postgres compares and stores values by their type.
 */
import type { ColumnType, ManifestColumn, ManifestTable } from '@landfall/protocol'
import { quoteIdentifier, quotePostgresLiteral } from '@landfall/schema'
import { type Bind, keyColumns } from '../../sql/row-columns.ts'
import type { Batch } from '../batch.ts'
import type { Rights } from '../check/rights.ts'

export type Sides = { old: boolean; new: boolean }

/** `unnest($1::text[], ...) WITH ORDINALITY AS u(k0, ..., n)` */
export function sourceOf(batch: Batch, sides: Sides, bind: Bind): string {
  const named = [
    ...batch.keys.map((values, i) => ({ name: `k${i}`, values })),
    ...(sides.old ? batch.old.map((values, i) => ({ name: `o${i}`, values })) : []),
    ...(sides.new ? batch.new.map((values, i) => ({ name: `w${i}`, values })) : []),
  ]
  const arrays = named.map(({ values }) => `${bind(values)}::text[]`)
  return `unnest(${arrays.join(', ')}) WITH ORDINALITY AS u(${[...named.map(({ name }) => name), 'n'].join(', ')})`
}

export function matchesKey(table: ManifestTable): string {
  return keyColumns(table)
    .map((column, i) => `t.${quoteIdentifier(column.name)} = ${typed(`u.k${i}`, column)}`)
    .join(' AND ')
}

/** The key as the change log holds it. */
export function keyTexts(table: ManifestTable, row: 't' | 'u'): string {
  const texts = keyColumns(table).map((column, i) =>
    row === 't' ? `t.${quoteIdentifier(column.name)}::text` : `${typed(`u.k${i}`, column)}::text`,
  )
  return `ARRAY[${texts.join(', ')}]`
}

export function typed(text: string, { type }: ManifestColumn): string {
  return `${text}::${castType(type)}`
}

/** Without a length: a cast to `varchar(3)` or `bit(3)` cuts silently, where storing a longer value is an error. */
function castType(type: ColumnType): string {
  const suffix = type.array ? '[]' : ''
  if (type.kind === 'varchar') return `varchar${suffix}`
  if (type.kind === 'char') return `bpchar${suffix}`
  if (/^bit\b|^varbit\b/.test(type.sql)) return `varbit${suffix}`
  return type.sql
}

/** Kinds that have no equality, or too coarse a one: their texts are compared. */
const BY_TEXT: ReadonlySet<string> = new Set(['json', 'opaque'])

/** Whether the row's value is the given one, by its type. */
export function isSame(column: ManifestColumn, text: string): string {
  const live = `t.${quoteIdentifier(column.name)}`
  if (!BY_TEXT.has(column.type.kind)) return `${live} IS NOT DISTINCT FROM ${typed(text, column)}`
  return `${live}::text IS NOT DISTINCT FROM ${typed(text, column)}::text`
}

/** Whether the user may write a row, where `value` says how each of its scope columns is read. */
export function isWritable(
  table: ManifestTable,
  rights: Rights,
  { bind, value }: { bind: Bind; value: (column: string) => string },
): string {
  const tests = table.scopes.flatMap(({ scope, column }) => {
    const keys = rights.keys(scope)
    if (column === null || keys.length === 0) return []
    // A subquery is hashed once; `= ANY` would walk the whole list for every row.
    return [`coalesce(${value(column)}::text IN (SELECT unnest(${bind(keys)}::text[])), false)`]
  })
  return tests.length === 0 ? 'false' : `(${tests.join(' OR ')})`
}

export const liveColumn = (column: string): string => `t.${quoteIdentifier(column)}`

/** The scopes of the live row, as a text array. */
export function scopesOf(table: ManifestTable): string {
  const keys = table.scopes.map(({ scope, column }) => {
    const prefix = quotePostgresLiteral(`${scope}:`)
    return column === null ? `${prefix}::text` : `${prefix} || t.${quoteIdentifier(column)}::text`
  })
  return `array_remove(ARRAY[${keys.join(', ')}], NULL)`
}

/** The live row's synced columns, as a JSON array of texts. */
export function rowTexts(table: ManifestTable): string {
  const texts = table.columns.map((column) => `t.${quoteIdentifier(column.name)}::text`)
  return `to_json(ARRAY[${texts.join(', ')}])`
}
