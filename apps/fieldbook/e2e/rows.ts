/**
 * Compares a device with Postgres: every row of every synced table that the person may see, column by column.
 *
 * Both sides are brought to the texts that Postgres prints; only a timestamptz differs, by the `:00` that the mirror
 * writes behind the offset.
 */
import type { Page } from '@playwright/test'
import type postgres from 'postgres'
import { personByHandle } from '../src/shared/people.ts'
import { sync } from '../src/shared/sync.ts'
import { type Cell, query } from './fieldbook.ts'

/** Table name -> one text per row, in key order. */
export type Snapshot = { [table: string]: string[] }

const { tables } = sync.manifest

export async function deviceRows(page: Page): Promise<Snapshot> {
  const snapshot: Snapshot = {}
  for (const table of tables) {
    const columns = table.columns.map(({ name }) => name)
    const rows = await query(
      page,
      `select ${columns.map((name) => `"${name}"`).join(', ')} from "${table.name}"`,
    )
    snapshot[table.name] = rows.map((row) => textOf(columns.map((name) => row[name]))).sort()
  }
  return snapshot
}

export async function postgresRows(sql: postgres.Sql, handle: string): Promise<Snapshot> {
  const snapshot: Snapshot = {}
  for (const table of tables) {
    const columns = table.columns.map(({ name, type }) =>
      type.kind === 'timestamptz'
        ? `"${name}"::text || ':00'`
        : type.kind === 'bool'
          ? `"${name}"::int::text`
          : `"${name}"::text`,
    )
    const scopeColumn = table.scopes[0]?.column ?? null
    const mine = `select project_id from members where user_id = '${personByHandle(handle)?.id}'`
    const where = scopeColumn === null ? '' : `where "${scopeColumn}" in (${mine})`
    const rows = await sql.unsafe(`select ${columns.join(', ')} from "${table.name}" ${where}`).values()
    snapshot[table.name] = rows.map(textOf).sort()
  }
  return snapshot
}

function textOf(values: readonly (Cell | undefined)[]): string {
  return values.map((value) => (value === null ? '∅' : String(value))).join(' | ')
}
