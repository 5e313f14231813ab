/**
 * What every request handler of one sync server works with.
 *
 * `holders` and `authorize` are the app's; the rest is built once by `createSyncServer`. Handlers take the context,
 * the checked message and the user whom `authenticate` named; they know nothing of HTTP.
 */
import type { Clock, Randomness } from '@landfall/protocol'
import type { SyncDefinition } from '@landfall/schema'
import type { SQLWrapper } from 'drizzle-orm'
import type { Database } from './database/database.ts'
import type { Limits } from './limits.ts'
import type { Bookkeeping } from './log/bookkeeping.ts'

export type HolderUser = { userId: string }

/**
 * Says which keys of a scope a user holds now. SQL (one column, any type) is evaluated inside each request's own
 * snapshot, so that a change of membership and its effects are seen together; a list is taken as it is.
 */
export type Holder = (
  user: HolderUser,
) => SQLWrapper | readonly string[] | Promise<SQLWrapper | readonly string[]>

/** By scope name. A scope that only says `true` (every row of its tables) is held by everybody and has no entry. */
export type Holders = { [scope: string]: Holder }

/** A row for `authorize`: the texts Postgres prints, by Postgres column name, synced columns only. */
export type AuthorizeRow = { [column: string]: string | null }

export type AuthorizeChange = {
  userId: string
  operation: 'insert' | 'update' | 'delete'
  /** null for inserts. */
  before: AuthorizeRow | null
  /** null for deletes. */
  after: AuthorizeRow | null
}

/** Narrows what a user who holds the row's scope may write: true, or the reason why not. */
export type Authorize = (change: AuthorizeChange) => boolean | string | Promise<boolean | string>

export type ServerContext = {
  database: Database
  bookkeeping: Bookkeeping
  sync: SyncDefinition
  clock: Clock
  randomness: Randomness
  holders: Holders
  /** By Postgres table name. */
  authorize: { [table: string]: Authorize }
  limits: Limits
}
