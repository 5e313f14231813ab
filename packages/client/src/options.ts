/** What `openLandfall` is given, in the browser and in Node. */
import type { PgTables, SyncDefinition } from '@landfall/schema'

export type LandfallOptions<Sqlite> = {
  /** What `defineSync` gave. */
  sync: SyncDefinition<PgTables, string, Sqlite>
  /** Where the sync server is mounted, such as `https://host/sync`; relative to the page in the browser. */
  url: string
  /** The name of the local database; one per user. */
  database: string
  /** The token of the signed-in user, asked for with each request; null when nobody is signed in. */
  getToken: () => Promise<string | null> | string | null
}

export type BrowserOptions<Sqlite> = LandfallOptions<Sqlite> & {
  /** A worker made by the app, where the bundler cannot find Landfall's own: `new Worker(url, { type: 'module' })`. */
  worker?: Worker
  /** Where `sqlite3.wasm` is served, where it does not lie beside the worker. */
  wasmUrl?: string
}
