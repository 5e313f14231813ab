/** A connection to a fresh test database that answers in the wire form. */
import { createTestDatabase } from '@landfall/testkit/postgres'
import postgres from 'postgres'

type Texts = (string | null)[]

export type Casts = {
  /** `value::text` of each text cast to the type; throws what Postgres throws. */
  print(sqlType: string, texts: Texts): Promise<Texts>
  /** How many of the pairs Postgres tells apart as values of the type; json, which has no equality, as text. */
  countDistinct(sqlType: string, left: Texts, right: Texts): Promise<number>
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
    countDistinct: async (sqlType, left, right) => {
      const type = /^json(\[\])?$/.test(sqlType) ? `${sqlType}::text` : sqlType
      const [row] = await sql.unsafe(
        `select count(*)::int as n from unnest($1::text[], $2::text[]) as t(l, r)
         where l::${type} is distinct from r::${type}`,
        [left, right],
      )
      return Number(row?.['n'])
    },
    run: async (statement) => void (await sql.unsafe(statement)),
    close: async () => {
      await sql.end()
      await database.drop()
    },
  }
}
