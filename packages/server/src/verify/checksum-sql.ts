/**
 * The checksums of `verify` as SQL: what rows of a table in some scopes come to, some keys left out.
 *
 * The relation `hashed` has, for each row, its texts' hash as bytes and as a number, and its key's bucket. JSON of texts
 * is escaped by Postgres exactly as `JSON.stringify` does it, so both sides hash the same bytes. Knows nothing of
 * cursors and rights: the scopes given are held.
 */
import { type ColumnType, decodeScopeKey, type ManifestTable, type ScopeKey } from '@landfall/protocol'
import { quoteIdentifier, quoteTable } from '@landfall/schema/internal'
import { type Bind, castType, keyColumns } from '../sql/row-columns.ts'
import { inScope, namedRow, scopeText } from '../sql/scope-sql.ts'

export type HashedRows = {
  scopes: readonly ScopeKey[]
  /** JSON of the keys left out. */
  except: string
  bits: number
}

/** `scope`, `bucket`, `row_hash`, `row_number`, and the key's texts `k0`, `k1`, ...; a row once per scope it is in. */
export function hashedRows(table: ManifestTable, rows: HashedRows, bind: Bind): string {
  const parts = table.scopes.flatMap((scope) => {
    const keys = rows.scopes.map(decodeScopeKey).filter((asked) => asked.scope === scope.scope)
    if (keys.length === 0) return []
    const held = keys.map(({ key }) => key)
    const where = [inScope(table, scope, isHeld(held, bind)), ...leftOut(table, rows.except, bind)]
    return [
      `SELECT ${scopeText(scope, namedRow('t'))} AS scope, ${keyTexts(table)}, ${rowHash(table)} AS row_hash, ${keyHash(table)} AS key_hash
       FROM ${quoteTable(table)} t
       WHERE ${where.join(' AND ')}`,
    ]
  })
  if (parts.length === 0) return ''
  return `
    SELECT *, ${numberOf('row_hash')} AS row_number, ${bucketOf('key_hash', rows.bits)} AS bucket
    FROM (${parts.join('\n      UNION ALL ')}) AS found`
}

/** By the column's own type, which its index serves; the text decides, as it does in the log. */
function isHeld(keys: string[], bind: Bind): (column: string, type: ColumnType) => string {
  return (column, type) => {
    const held = bind(keys)
    return `${column} = ANY (${held}::text[]::${castType(type)}[]) AND ${column}::text COLLATE "C" = ANY (${held}::text[])`
  }
}

function leftOut(table: ManifestTable, except: string, bind: Bind): string[] {
  if (except === '[]') return []
  const same = table.key.map((name, i) => `t.${quoteIdentifier(name)}::text COLLATE "C" = k.key ->> ${i}`)
  return [
    `NOT EXISTS (SELECT FROM json_array_elements(${bind(except)}::json) AS k(key) WHERE ${same.join(' AND ')})`,
  ]
}

function keyTexts(table: ManifestTable): string {
  return keyColumns(table)
    .map(({ name }, i) => `t.${quoteIdentifier(name)}::text AS k${i}`)
    .join(', ')
}

const rowHash = (table: ManifestTable): string => hashOf(table.columns.map(({ name }) => name))
const keyHash = (table: ManifestTable): string => hashOf(table.key)

/** The first eight bytes. */
function hashOf(names: string[]): string {
  const texts = names.map((name) => `t.${quoteIdentifier(name)}::text`)
  return `substr(sha256(convert_to(array_to_json(ARRAY[${texts.join(', ')}])::text, 'UTF8')), 1, 8)`
}

const numberOf = (hash: string): string => `('x' || encode(${hash}, 'hex'))::bit(64)::bigint`

const bucketOf = (hash: string, bits: number): string =>
  `((get_byte(${hash}, 0) << 8 | get_byte(${hash}, 1)) >> ${16 - bits})`

/** Of the rows of a group: the sum modulo 2^64, between 0 and 2^64. bigint is signed, numeric is exact. */
export const SUM = `mod(mod(sum(row_number), 18446744073709551616) + 18446744073709551616, 18446744073709551616)::text`
