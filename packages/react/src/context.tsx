/** The database of a React tree: found by every hook. The provider is in LandfallProvider.tsx. */
import type { Landfall } from '@landfall/client'
import { createContext, useContext } from 'react'

/** A database of whatever tables: the type of its Drizzle is the app's. */
export type AnyLandfall = Omit<Landfall, 'drizzle'>

export const DatabaseContext = createContext<AnyLandfall | null>(null)

/** The database of the tree. For its typed Drizzle, name the tables: `useLandfall<typeof sync.sqlite>()`. */
export function useLandfall<
  Sqlite extends Record<string, unknown> = Record<string, unknown>,
>(): Landfall<Sqlite> {
  const db = useContext(DatabaseContext)
  if (db === null) throw new Error('useLandfall needs a <LandfallProvider> above it')
  return db as Landfall<Sqlite> // the app has one schema, and names it where it needs it
}
