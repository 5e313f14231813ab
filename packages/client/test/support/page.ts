/** The page of the `client-*.test.ts`: puts the client into the page's globals, where tests reach it. */
import { LandfallError, openLandfall } from '@landfall/client'
import { defineSync } from '@landfall/schema'
import { integer, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core'

const notes = pgTable('notes', {
  id: uuid().primaryKey(),
  project: text().notNull(),
  title: text().notNull(),
  rank: integer().notNull().default(0),
  due: timestamp({ withTimezone: true }),
})

const sync = defineSync({ tables: { notes }, scopes: { project: { notes: (t) => t.project } } })

type OpenOptions = { worker?: Worker; wasmUrl?: string; getToken?: () => Promise<string> | string }

const open = (database: string, options: OpenOptions = {}) =>
  openLandfall({ sync, url: '/sync', database, getToken: () => 'ada', ...options })

/** What a failed call says, as plain data. */
async function failure(call: () => Promise<unknown>): Promise<{ code: string; details: object } | null> {
  try {
    await call()
    return null
  } catch (error) {
    if (!(error instanceof LandfallError)) throw error
    return { code: error.code, details: error.details }
  }
}

const add = (db: Awaited<ReturnType<typeof open>>, title: string, rank = 0) =>
  db.run('insert into notes (id, project, title, rank) values (?, ?, ?, ?)', [
    crypto.randomUUID(),
    'p',
    title,
    rank,
  ])

const page = { open, failure, add, sync }
export type ClientPage = typeof page

declare global {
  // The page's global scope, as tests see it.
  var client: ClientPage
  var db: Awaited<ReturnType<ClientPage['open']>>
  var ready: boolean
  var seen: unknown[]
}

Object.assign(globalThis, { client: page, ready: true })
