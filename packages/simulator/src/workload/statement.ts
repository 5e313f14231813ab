/**
 * A planned statement before it is spelled: SQL text with tables and values in it.
 *
 * Most work reads the same in both databases. For SQLite values are bound, as the codec stores them; for Postgres they
 * are literals with a cast, because another program's statement is one text.
 */
import type { SqlParam } from '@landfall/engine'
import type { ManifestColumn, WireValue } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import { codecFor, quoteIdentifier, quotePostgresLiteral, quoteTable } from '@landfall/schema/internal'
import type { PlanColumn, PlanTable } from './workload.ts'

export type Value = { column: ManifestColumn; wire: WireValue }
/** What SQLite is to store although no wire value stands for it. */
type Stored = { stored: SqliteValue }
type Part = string | PlanTable | Value | Stored
export type Statement = readonly Part[]

/** Text goes in as it is: identifiers through `name`, values as `Value`s. */
export function statement(text: TemplateStringsArray, ...parts: (Part | Statement)[]): Statement {
  return text.flatMap((piece, i) => {
    const part = parts[i]
    return part === undefined ? [piece] : [piece, ...(isStatement(part) ? part : [part])]
  })
}

export const joined = (items: readonly Statement[], separator: string): Statement =>
  items.flatMap((item, i) => (i === 0 ? item : [separator, ...item]))

export const name = ({ column }: PlanColumn): string => quoteIdentifier(column.name)

export const names = (columns: readonly PlanColumn[]): string => columns.map(name).join(', ')

export function toSqlite(parts: Statement): { sql: string; params: SqlParam[] } {
  const params: SqlParam[] = []
  const sql = parts.map((part) => {
    if (typeof part === 'string') return part
    if ('manifest' in part) return quoteIdentifier(part.manifest.name)
    params.push('stored' in part ? part.stored : codecFor(part.column.type).fromWire(part.wire))
    return '?'
  })
  return { sql: sql.join(''), params }
}

export function toPostgres(parts: Statement): string {
  const sql = parts.map((part) => {
    if (typeof part === 'string') return part
    if ('manifest' in part) return quoteTable(part.manifest)
    if ('stored' in part) throw new TypeError('Postgres has no such value')
    return part.wire === null ? 'null' : `${quotePostgresLiteral(part.wire)}::${part.column.type.sql}`
  })
  return sql.join('')
}

const isStatement = (part: Part | Statement): part is Statement => Array.isArray(part)
