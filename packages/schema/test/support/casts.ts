/** Connections that answer in the wire form: to a fresh database on a real Postgres, and to PGlite. */
import { PGlite } from '@electric-sql/pglite'
import { createTestDatabase } from '@landfall/tools/postgres'
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

/** Runs a query whose parameters are arrays of texts. */
type Query = (statement: string, params: Texts[]) => Promise<Record<string, unknown>[]>

function casts(query: Query): Pick<Casts, 'print' | 'countDistinct'> {
  return {
    async print(sqlType, texts) {
      const rows = await query(
        `SELECT (v::${sqlType})::text AS printed
           FROM unnest($1::text[]) WITH ORDINALITY AS t(v, n) ORDER BY n`,
        [texts],
      )
      return rows.map((row) => row['printed'] as string | null)
    },
    async countDistinct(sqlType, left, right) {
      const type = /^json(\[\])?$/.test(sqlType) ? `${sqlType}::text` : sqlType
      const [row] = await query(
        `SELECT count(*)::int AS n FROM unnest($1::text[], $2::text[]) AS t(l, r)
          WHERE l::${type} IS DISTINCT FROM r::${type}`,
        [left, right],
      )
      return Number(row?.['n'])
    },
  }
}

const SETTINGS = { TimeZone: 'UTC', DateStyle: 'ISO', IntervalStyle: 'postgres', extra_float_digits: 1 }

export async function openPostgres(): Promise<Casts> {
  const database = await createTestDatabase()
  const sql = postgres(database.url, { max: 1, connection: SETTINGS, onnotice: () => {} })
  return {
    ...casts((statement, params) => sql.unsafe(statement, params)),
    run: async (statement) => void (await sql.unsafe(statement)),
    close: async () => {
      await sql.end()
      await database.drop()
    },
  }
}

export async function openPglite(): Promise<Casts> {
  const db = new PGlite()
  for (const [name, value] of Object.entries(SETTINGS)) await db.exec(`SET ${name} = '${value}'`)
  return {
    ...casts(async (statement, params) => (await db.query<Record<string, unknown>>(statement, params)).rows),
    run: async (statement) => void (await db.exec(statement)),
    close: () => db.close(),
  }
}
