/**
 * The databases that providers hold open on this page: each opened once, however many providers ask for it.
 *
 * A release takes effect after a moment. StrictMode and fast refresh unmount and mount again at once; closing and opening
 * the files in between would cost a second, and the app's rows would vanish meanwhile. A provider that asks for a database
 * that is closing takes over from it as one tab does from another.
 */
import { type BrowserOptions, openLandfall } from '@landfall/client'
import type { AnyLandfall } from './context.tsx'

export type DatabaseOptions = BrowserOptions<Record<string, unknown>>

const LINGER_MS = 50

type HeldDatabase = {
  db: Promise<AnyLandfall>
  /** The options of the provider that was mounted last: its `getToken` is the one that is asked. */
  latest: { options: DatabaseOptions }
  holders: number
}

const held = new Map<string, HeldDatabase>()

/** Equal for options that mean the same database on the same server with the same schema. */
export function keyOfDatabase({ database, url, sync }: DatabaseOptions): string {
  return JSON.stringify([database, url, sync.manifest.hash])
}

/** The database of these options, opened unless it is; to be released once. */
export function holdDatabase(options: DatabaseOptions): { db: Promise<AnyLandfall>; release(): void } {
  const key = keyOfDatabase(options)
  const entry = held.get(key) ?? open(key, options)
  entry.latest.options = options
  entry.holders++
  return {
    db: entry.db,
    release() {
      entry.holders--
      setTimeout(() => closeUnheld(key, entry), LINGER_MS)
    },
  }
}

function open(key: string, options: DatabaseOptions): HeldDatabase {
  const latest = { options }
  const getToken: DatabaseOptions['getToken'] = () => latest.options.getToken()
  const db = openLandfall({ ...options, getToken })
  const entry: HeldDatabase = { db, latest, holders: 0 }
  db.catch(() => held.get(key) === entry && held.delete(key)) // the next one tries again
  held.set(key, entry)
  return entry
}

function closeUnheld(key: string, entry: HeldDatabase): void {
  if (entry.holders > 0 || held.get(key) !== entry) return
  held.delete(key)
  entry.db.then((db) => db.close()).catch(() => {}) // it never opened, or its worker has died
}
