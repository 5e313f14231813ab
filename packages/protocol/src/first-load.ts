/**
 * The first load of a scope, in pages; fuzzy, then exact. Its endpoint is `/bootstrap`.
 *
 * Each page is its own short snapshot, resumable by table and key. Pages may be newer than the client's cursor, so
 * the mirror is exact only after the pull that follows the last page; then the scope is ready. This holds because
 * the client asks for the next page or pull only after it has committed the last one.
 */
import type { ClientId, ScopeKey } from './brands.ts'
import type { WireColumns, WireRow } from './value.ts'

/** Where a page starts: after this key of this table, or at the table's start. */
export type PagePosition = { table: string; after: WireRow | null }

export type FirstLoadRequest = {
  client: ClientId
  scope: ScopeKey
  /** null: the scope's first table, from its start. */
  position: PagePosition | null
}

export type FirstLoadPage = {
  /** One or more blocks of rows, all synced columns in manifest order. A table may stand in several pages. */
  blocks: { table: string; rows: WireColumns }[]
  /** Where the next page starts; null when the scope is complete. */
  next: PagePosition | null
}
