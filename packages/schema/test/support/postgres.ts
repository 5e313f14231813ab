/** A connection to a fresh test database that answers in the wire form. */
import { createTestDatabase } from '@landfall/testkit/postgres'
import postgres from 'postgres'

export type Casts = {
  /** `value::text` of each text cast to the type; throws what Postgres throws. */
  print(sqlType: string, texts: (string | null)[]): Promise<(string | null)[]>
  /** Whether Postgres takes the text as a value of the type. */
  accepts(sqlType: string, text: string): Promise<boolean>
  run(statement: string): Promise<void>
  close(): Promise<void>
}

export async function openCasts(): Promise<Casts> {
  const database = await createTestDatabase()
  const connection = { TimeZone: 'UTC', DateStyle: 'ISO', IntervalStyle: 'postgres', extra_float_digits: 1 }
  const sql = postgres(database.url, { max: 1, connection, onnotice: () => {} })
  const print: Casts['print'] = async (sqlType, texts) => {
    const rows = await sql.unsafe(
      `select (v::${sqlType})::text as printed from unnest($1::text[]) with ordinality as t(v, n) order by n`,
      [texts],
    )
    return rows.map((row) => row['printed'] as string | null)
  }
  return {
    print,
    accepts: async (sqlType, text) => {
      try {
        await print(sqlType, [text])
        return true
      } catch {
        return false
      }
    },
    run: async (statement) => void (await sql.unsafe(statement)),
    close: async () => {
      await sql.end()
      await database.drop()
    },
  }
}
