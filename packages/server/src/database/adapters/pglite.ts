/**
 * The port over PGlite: Postgres compiled to WebAssembly, inside this process, with one connection.
 *
 * Transactions wait for each other. There is no other process, hence no `listen` and no `notify`. The package is an
 * optional peer of 20 MB, loaded only when an address asks for it; here it is known by its shape alone, so that types
 * do not need it either.
 */
import { mkdirSync } from 'node:fs'
import type { PGlite } from '@electric-sql/pglite'
import { LandfallError } from '@landfall/protocol'
import { type Database, PostgresError, type TextRow, type Tx } from '../database.ts'
import { encodeParam } from './params.ts'
import { settingStatements, type Timeouts } from './settings.ts'

/** What is used of a `PGlite`: give one that `@electric-sql/pglite` made. @internal */
export type PgliteInstance = {
  transaction<T>(work: (tx: PgliteTransaction) => Promise<T>): Promise<T>
  close(): Promise<void>
  parsers: { [type: number]: unknown }
  serializers: { [type: number]: unknown }
}

type PgliteTransaction = {
  exec(sql: string): Promise<{ rows: unknown[] }[]>
  query<Row>(sql: string, params: (string | null)[]): Promise<{ rows: Row[] }>
}

/** `directory` null: in memory. `package_missing` where PGlite is not installed. */
export async function openPglite(directory: string | null, timeouts: Timeouts): Promise<Database> {
  const { PGlite } = await loadPglite()
  if (directory !== null) mkdirSync(directory, { recursive: true })
  return overPglite(await PGlite.create(directory === null ? {} : { dataDir: directory }), timeouts)
}

/** Bundlers leave it alone: a server that is bundled without PGlite must build without it, too. */
async function loadPglite(): Promise<{ PGlite: typeof PGlite }> {
  try {
    return await import(/* webpackIgnore: true */ /* turbopackIgnore: true */ '@electric-sql/pglite')
  } catch (error) {
    if (!(error instanceof Error) || !error.message.includes('@electric-sql/pglite')) throw error
    const cure = 'npm install @electric-sql/pglite, or give the address of a Postgres: postgres://...'
    throw new LandfallError('package_missing', { package: '@electric-sql/pglite', cure })
  }
}

/** The instance is Landfall's from then on: it answers in texts. */
export function overPglite(db: PgliteInstance, timeouts: Timeouts): Database {
  answerInTexts(db)
  return {
    kind: 'pglite',
    transaction(options, work) {
      return db.transaction(async (inner) => {
        await inner.exec(settingStatements(options, timeouts))
        return runTransaction(inner, work)
      })
    },
    close: () => db.close(),
  }
}

async function runTransaction<T>(inner: PgliteTransaction, work: (tx: Tx) => Promise<T>): Promise<T> {
  let ended = false
  let failed = false
  const query = async (sql: string, params: (string | null)[]): Promise<TextRow[]> => {
    try {
      // Without parameters one message does what else takes five.
      if (params.length === 0) return rowsOfLast(await inner.exec(sql))
      return (await inner.query<TextRow>(sql, params)).rows
    } catch (error) {
      failed = true
      throw translate(error)
    }
  }
  try {
    const value = await work({
      query(sql, params = []) {
        if (ended) return Promise.reject(new LandfallError('transaction_closed'))
        return query(sql, params.map(encodeParam))
      },
    })
    // PGlite commits without looking; a transaction with a swallowed error refuses this with 25P02.
    if (failed) await query('SELECT', [])
    return value
  } finally {
    ended = true
  }
}

const rowsOfLast = (results: { rows: unknown[] }[]): TextRow[] => (results.at(-1)?.rows ?? []) as TextRow[]

/** Identity for every type PGlite would otherwise make a JavaScript value of; per query it would cost a third of it. */
function answerInTexts(db: PgliteInstance): void {
  const identity = (x: unknown) => x
  for (const type of Object.keys(db.parsers)) db.parsers[Number(type)] = identity
  for (const type of Object.keys(db.serializers)) db.serializers[Number(type)] = identity
}

type PgliteError = Error & {
  code?: string
  constraint?: string
  schema?: string
  table?: string
  column?: string
  detail?: string
  routine?: string
}

function translate(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const { code, constraint, schema, table, column, detail, routine } = error as PgliteError
  if (code === undefined || !/^[0-9A-Z]{5}$/.test(code)) return error
  return new PostgresError(
    {
      sqlstate: code,
      message: error.message,
      constraint: constraint ?? null,
      schema: schema ?? null,
      table: table ?? null,
      column: column ?? null,
      detail: detail ?? null,
      routine: routine ?? null,
    },
    error,
  )
}
