/** What `openLandfall` is given, in the browser and in Node. */
import type { PgTables, SyncDefinition } from '@landfall/schema'

/** What every `openLandfall` needs. */
export type LandfallOptions<Sqlite> = {
  /** What `defineSync` gave; the server must have been built with the same. */
  sync: SyncDefinition<PgTables, string, Sqlite>
  /** Where the sync server is mounted, such as `https://host/sync`; relative to the page in the browser. */
  url: string
  /** The name of the local database: one per user, since unsent changes are sent only as their own user's. */
  database: string
  /**
   * The token of the signed-in user, asked for with each request, so it may come from a cache and be renewed there. Null
   * when nobody is signed in: sync stops, and `db.signedIn()` has it ask again. One that throws is asked again later.
   */
  getToken: () => Promise<string | null> | string | null
}

/** What `openLandfall` needs in a browser. */
export type BrowserOptions<Sqlite> = LandfallOptions<Sqlite> & {
  /** A worker made by the app, where the bundler cannot find Landfall's own: `new Worker(url, { type: 'module' })`. */
  worker?: Worker
  /** Where `sqlite3.wasm` is served, where it does not lie beside the worker; relative to the page. */
  wasmUrl?: string
}
