/**
 * Names that both databases can tell apart.
 *
 * SQLite has no schemas and compares names without case, so names that differ in Postgres may collide in the mirror.
 * Landfall's own tables and SQLite's are reserved.
 */
import { getTableColumns, getTableName, is } from 'drizzle-orm'
import { PgTable } from 'drizzle-orm/pg-core'
import type { PgTables } from './definition.ts'
import type { Problem } from './problem.ts'

const RESERVED = /^(?:landfall_|sqlite_)/i
/** Columns that the mirror adds to its own tables. */
const RESERVED_COLUMN = /^landfall_/i

/** The entries that are tables; adds what is wrong with names to `problems`. */
export function checkTables(tables: PgTables, problems: Problem[]): [string, PgTable][] {
  const entries = Object.entries(tables).filter(([name, table]) => {
    if (is(table, PgTable)) return true
    problems.push({
      table: name,
      problem: 'this is no Drizzle pgTable',
      cure: 'pass pgTable() objects in tables',
    })
    return false
  })
  const seen = new Set<string>()
  for (const [, table] of entries) {
    const name = getTableName(table)
    if (RESERVED.test(name))
      problems.push({ table: name, problem: 'the name is reserved', cure: 'rename the table' })
    if (seen.has(name.toLowerCase())) problems.push(collision(name))
    seen.add(name.toLowerCase())
    checkColumns(name, table, problems)
  }
  return entries
}

function collision(table: string): Problem {
  return {
    table,
    problem: 'another synced table has the same name, in another schema, in other case or twice in tables',
    cure: 'sync one of them, or rename one',
  }
}

function checkColumns(table: string, pgTable: PgTable, problems: Problem[]): void {
  const seen = new Set<string>()
  for (const { name } of Object.values(getTableColumns(pgTable))) {
    if (seen.has(name.toLowerCase()))
      problems.push({
        table,
        column: name,
        problem: 'another column differs only in case',
        cure: 'rename one of them',
      })
    seen.add(name.toLowerCase())
    if (RESERVED_COLUMN.test(name))
      problems.push({
        table,
        column: name,
        problem: 'the name is reserved',
        cure: 'rename the column, or leave it out of the pgTable: Postgres may have it',
      })
  }
}
