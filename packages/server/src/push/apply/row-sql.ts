/**
 * The SQL that all statements of a push share: the rows of a batch as a relation `u`, matched with live rows `t`.
 *
 * `u` has the key texts `k0`, `k1`, ..., the old texts `o0`, ..., the new texts `w0`, ..., and the row's number `n`, from
 * 1. Every text is cast where it is used, so that Postgres compares and stores values by their type.
 */
import type { ManifestColumn, ManifestTable } from '@landfall/protocol'
import { quoteIdentifier } from '@landfall/schema/internal'
import { type Bind, castType, keyColumns } from '../../sql/row-columns.ts'
import { scopeColumns, scopeKeyText, scopeText } from '../../sql/scope-sql.ts'
import type { Batch } from '../batch.ts'

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

/** Kinds that have no equality, or too coarse a one: their texts are compared. */
const BY_TEXT: ReadonlySet<string> = new Set(['json', 'opaque'])

/** Whether the row's value is the given one, by its type. */
export function isSame(column: ManifestColumn, text: string): string {
  return areSame(column, liveColumn(column.name), typed(text, column))
}

/** Whether two expressions of the column's type have one value. */
export function areSame({ type }: ManifestColumn, a: string, b: string): string {
  return BY_TEXT.has(type.kind)
    ? `${a}::text IS NOT DISTINCT FROM ${b}::text`
    : `${a} IS NOT DISTINCT FROM ${b}`
}

export type Judged = {
  bind: Bind
  /** The keys of a scope that count. */
  keys: (scope: string) => readonly string[]
  /** How each column of a key is read; null: it is not known yet, and judged when it is. */
  value: (column: string) => string | null
}

/** Whether the user may write a row: all scopes that give the right are held. NULL names none. */
export function isWritable(table: ManifestTable, { bind, keys, value }: Judged): string {
  const tests = table.write.flatMap((name) => {
    const scope = table.scopes.find((each) => each.scope === name)
    const held = keys(name)
    if (scope === undefined) return ['false']
    if (scope.column === null) return [`${held.includes('')}`]
    if (scopeColumns(scope).some((column) => value(column) === null)) return []
    const key = scopeKeyText(scope, (column) => value(column) ?? 'NULL')
    // A subquery is hashed once; `= ANY` would walk the whole list for every row.
    return held.length === 0
      ? ['false']
      : [`coalesce(${key} IN (SELECT unnest(${bind(held)}::text[])), false)`]
  })
  if (table.write.length === 0) return 'false'
  return tests.length === 0 ? 'true' : `(${tests.join(' AND ')})`
}

export const liveColumn = (column: string): string => `t.${quoteIdentifier(column)}`

/** The scopes of the live row, as a text array. */
export function scopesOf(table: ManifestTable): string {
  const keys = table.scopes.map((scope) => scopeText(scope, liveColumn))
  return `array_remove(ARRAY[${keys.join(', ')}], NULL)`
}

/** The live row's synced columns, as a JSON array of texts. */
export function rowTexts(table: ManifestTable): string {
  const texts = table.columns.map((column) => `t.${quoteIdentifier(column.name)}::text`)
  return `to_json(ARRAY[${texts.join(', ')}])`
}
