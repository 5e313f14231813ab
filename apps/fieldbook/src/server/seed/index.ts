/** Creates the tables and fills them, once: a database that has Fieldbook's tables is left as it is. */
import { TABLES } from '../tables.ts'
import { type SeedTable, seedRows } from './rows.ts'

/** Runs one statement inside the caller's transaction. */
export type Execute = (sql: string, params?: string[]) => Promise<{ [column: string]: string | null }[]>

export async function createAndSeed(execute: Execute, today: number): Promise<{ created: boolean }> {
  const found = await execute(`select to_regclass('public.checks')::text as found`)
  if (found[0]?.found !== null) return { created: false }
  for (const statement of TABLES) await execute(statement)
  for (const table of seedRows(today)) await fill(execute, table)
  return { created: true }
}

/** One statement per table: the rows travel as one JSON parameter and Postgres gives them their types. */
async function fill(execute: Execute, { table, columns, rows }: SeedTable): Promise<void> {
  const names = columns.join(', ')
  await execute(
    `insert into ${table} (${names})
     select ${names} from json_populate_recordset(null::${table}, $1::json)`,
    [JSON.stringify(rows)],
  )
}
