/**
 * Makes what the bookkeeping schema lacks, and touches nothing that is there (P17.4).
 *
 * `IF NOT EXISTS` is not enough: Postgres asks for the right to create before it looks whether there is anything to do,
 * so a later start of a role that may not create any more would fail. So each statement is asked for first what it would
 * make. A function counts as there when its body is the same.
 */
import { quotePostgresLiteral as literal } from '@landfall/schema/internal'
import type { Tx } from '../database/database.ts'
import type { Bookkeeping } from '../log/bookkeeping.ts'
import { bookkeepingDdl } from '../log/tables.ts'

/** Call it under the lock of migrations. */
export async function makeBookkeeping(tx: Tx, bookkeeping: Bookkeeping): Promise<void> {
  const statements = bookkeepingDdl(bookkeeping)
  const asked = statements.map((statement, i) => `(${madeSql(bookkeeping, statement)})::text AS made${i}`)
  const [row] = await tx.query(`SELECT ${asked.join(',\n')}`)
  for (const [i, statement] of statements.entries()) {
    if (row?.[`made${i}`] !== 'true') await tx.query(statement)
  }
}

/** What is made in the schema: `FUNCTION "landfall"."stamp"`, `TABLE "landfall"."changes"`. */
export function bookkeepingObjects(bookkeeping: Bookkeeping): string[] {
  return bookkeepingDdl(bookkeeping).flatMap((statement) => {
    const [, kind, name = ''] = NAMED.exec(statement) ?? []
    if (kind === 'TABLE') return `TABLE ${name}`
    return kind === 'OR REPLACE FUNCTION' ? `FUNCTION ${name}` : []
  })
}

const NAMED = /^\s*CREATE (SCHEMA|TABLE|INDEX|OR REPLACE FUNCTION)(?: IF NOT EXISTS)? ([^\s(]+)/
const COLUMN = /^\s*ALTER TABLE (\S+) ADD COLUMN IF NOT EXISTS (\S+)/

/** An SQL condition: what the statement makes is there. */
function madeSql({ named }: Bookkeeping, statement: string): string {
  const [, kind, name = ''] = NAMED.exec(statement) ?? []
  const [, table = '', column = ''] = COLUMN.exec(statement) ?? []
  switch (kind) {
    case 'SCHEMA':
      return `to_regnamespace(${literal(name)}) IS NOT NULL`
    case 'TABLE':
      return `to_regclass(${literal(name)}) IS NOT NULL`
    case 'INDEX':
      return `to_regclass(${literal(named(name))}) IS NOT NULL`
    case 'OR REPLACE FUNCTION':
      return `EXISTS (
        SELECT FROM pg_proc
        WHERE oid = to_regproc(${literal(name)}) AND prosrc = ${literal(statement.split('$$')[1] ?? '')})`
    default:
      return column === ''
        ? 'false'
        : `EXISTS (
            SELECT FROM pg_attribute
            WHERE attrelid = to_regclass(${literal(table)}) AND attname = ${literal(column.replaceAll('"', ''))} AND NOT attisdropped)`
  }
}
