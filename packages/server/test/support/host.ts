/** A host's database of its own, on a real Postgres or in PGlite: what nobody at Landfall designed. */
import { createTestDatabase } from '@landfall/tools/postgres'
import type { Database, TextRow } from '../../src/database/database.ts'
import { type DatabaseOptions, openDatabase } from '../../src/database/open-database.ts'

export const KINDS = ['postgres', 'pglite'] as const
export type Kind = (typeof KINDS)[number]

export type Host = {
  url: string
  database: Database
  run(sql: string, params?: string[]): Promise<TextRow[]>
  /** The first column of all rows. */
  list(sql: string): Promise<(string | null)[]>
  /** Drops every schema, and makes `public` again. */
  empty(): Promise<void>
  /** The same database, as another role of a real Postgres. */
  as(role: string, options?: DatabaseOptions): Promise<Database>
  close(): Promise<void>
}

export async function openHost(kind: Kind, statements: readonly string[] = []): Promise<Host> {
  const fresh = kind === 'postgres' ? await createTestDatabase('host') : null
  const url = fresh?.url ?? 'pglite:memory'
  const database = await openDatabase(url)
  const others: Database[] = []
  const run: Host['run'] = (sql, params = []) =>
    database.transaction({ isolation: 'read committed', readOnly: false }, (tx) => tx.query(sql, params))
  for (const statement of statements) await run(statement)
  return {
    url,
    database,
    run,
    list: async (sql) => (await run(sql)).map((row) => Object.values(row)[0] ?? null),
    async empty() {
      const schemas = await run(`
        SELECT quote_ident(nspname) AS name FROM pg_namespace
        WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%'`)
      for (const { name } of schemas) await run(`DROP SCHEMA ${name} CASCADE`)
      await run('CREATE SCHEMA public')
    },
    async as(role, options) {
      const address = new URL(url)
      address.username = role
      const other = await openDatabase(address.href, options)
      others.push(other)
      return other
    },
    async close() {
      for (const other of others) await other.close()
      await database.close()
      await fresh?.drop()
    },
  }
}
