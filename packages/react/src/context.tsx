/** The database of a React tree: provided once, found by every hook. */
import type { Landfall } from '@landfall/client'
import { createContext, type ReactNode, useContext } from 'react'

/** A database of whatever tables: the type of its Drizzle is the app's. */
export type AnyLandfall = Omit<Landfall, 'drizzle'>

const DatabaseContext = createContext<AnyLandfall | null>(null)

export type LandfallProviderProps = {
  /** What `openLandfall` gave. */
  db: AnyLandfall
  children: ReactNode
}

/** Gives the tree below its database. */
export function LandfallProvider({ db, children }: LandfallProviderProps) {
  return <DatabaseContext value={db}>{children}</DatabaseContext>
}

/** The database of the tree. For its typed Drizzle, name the tables: `useLandfall<typeof sync.sqlite>()`. */
export function useLandfall<
  Sqlite extends Record<string, unknown> = Record<string, unknown>,
>(): Landfall<Sqlite> {
  const db = useContext(DatabaseContext)
  if (db === null) throw new Error('useLandfall needs a <LandfallProvider db={...}> above it')
  return db as Landfall<Sqlite> // the app has one schema, and names it where it needs it
}
