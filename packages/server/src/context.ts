/**
 * What every request handler of one sync server works with.
 *
 * `holders` and `authorize` are the app's; the rest is built once by `createSyncServer`. Handlers take the context,
 * the checked message and the user whom `authenticate` named; they know nothing of HTTP.
 */
import type { Clock, Randomness } from '@landfall/protocol'
import type { SyncDefinition } from '@landfall/schema'
import type { SQLWrapper } from 'drizzle-orm'
import type { PgTable } from 'drizzle-orm/pg-core'
import type { Database } from './database/database.ts'
import type { Limits } from './limits.ts'
import type { Bookkeeping } from './log/bookkeeping.ts'
import type { Catalog } from './push/order/foreign-keys.ts'

/** Who asks, as `authenticate` named them. */
export type HolderUser = {
  /** Stable for a person for ever: unsent changes on devices are theirs by this text. */
  userId: string
}

/**
 * Keys of a scope. SQL (one column, any type) is evaluated inside each request's own snapshot, so that a change of
 * membership and its effects are seen together; a list is taken as it is.
 */
export type HolderKeys = SQLWrapper | readonly string[]

/** Lists the keys that a user holds, or gives the SQL that does. Called in each request; what it throws is `server_error`. */
export type HolderFunction = (user: HolderUser) => HolderKeys | Promise<HolderKeys>

/** A function that reads tables, with their names: writing one of them changes who holds what. */
export type NamedHolder = {
  /** Every Drizzle table that the SQL reads. */
  reads: readonly PgTable[]
  /** Gives the SQL. */
  keys: HolderFunction
}

/** Says which keys of a scope a user holds now: `memberOf`, SQL with the tables it reads, or a function that lists them. */
export type Holder = NamedHolder | HolderFunction

/** By scope name. A scope that only says `true` (every row of its tables) is held by everybody and has no entry. */
export type Holders = { [scope: string]: Holder }

/** A row for `authorize`: the texts Postgres prints, by Postgres column name, synced columns only. */
export type AuthorizeRow = { [column: string]: string | null }

/** One changed row of a push, as `authorize` judges it. */
export type AuthorizeChange = {
  /** Who pushes it. */
  userId: string
  /** What is done to the row. */
  operation: 'insert' | 'update' | 'delete'
  /** null for inserts. */
  before: AuthorizeRow | null
  /** null for deletes. */
  after: AuthorizeRow | null
  /** The user's own transaction brings the key of the row's scope into being: the first rows of a project. */
  newScope: boolean
}

/** Narrows what a user who holds the row's scope may write: true, or the reason why not. */
export type Authorize = (change: AuthorizeChange) => boolean | string | Promise<boolean | string>

export type ServerContext = {
  database: Database
  catalog: Catalog
  bookkeeping: Bookkeeping
  sync: SyncDefinition
  clock: Clock
  randomness: Randomness
  holders: Holders
  /** By Postgres table name. */
  authorize: { [table: string]: Authorize }
  limits: Limits
  /** Hears of what Postgres failed at where the push goes on without it. */
  report?: (error: unknown) => void
}
