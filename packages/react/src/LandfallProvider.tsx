/**
 * Gives the tree below its database: one that the app has opened, or one that the provider opens and closes itself.
 *
 * The opening happens in an effect, so a server renders the fallback, and hydration agrees with it.
 */
import type { BrowserOptions } from '@landfall/client'
import { type ReactNode, useEffect, useState } from 'react'
import { type AnyLandfall, DatabaseContext } from './context.tsx'
import { holdDatabase, keyOfDatabase } from './held-databases.ts'

/** Either a database that the app has opened (`db`), or what to open (`options`). */
export type LandfallProviderProps = {
  /** The tree that finds the database by the hooks. */
  children?: ReactNode
} & (
  | {
      /** What `openLandfall` gave. The app closes it. */
      db: AnyLandfall
      options?: undefined
    }
  | {
      /**
       * What to open, as `openLandfall` takes it; may be a new object at each render. Opened when the provider is mounted, closed when
       * it goes, and opened anew when `database`, `url` or the schema differ.
       */
      options: BrowserOptions<Record<string, unknown>>
      /** Shown until the database can be used; nothing unless told. */
      fallback?: ReactNode
      db?: undefined
    }
)

/** Gives the tree below its database. What keeps it from opening is thrown to the nearest error boundary. */
export function LandfallProvider(props: LandfallProviderProps) {
  if (props.options === undefined)
    return <DatabaseContext.Provider value={props.db}>{props.children}</DatabaseContext.Provider>
  return <OpeningProvider {...props} />
}

type OpeningProps = LandfallProviderProps & { options: object }

function OpeningProvider({ options, fallback = null, children }: OpeningProps) {
  const db = useOpened(options)
  if (db === null) return <>{fallback}</>
  return <DatabaseContext.Provider value={db}>{children}</DatabaseContext.Provider>
}

type Outcome = { key: string; db: AnyLandfall } | { key: string; error: unknown }

function useOpened(options: OpeningProps['options']): AnyLandfall | null {
  const [outcome, setOutcome] = useState<Outcome | null>(null)
  const key = keyOfDatabase(options)
  useEffect(() => {
    let mounted = true
    const held = holdDatabase(options)
    held.db.then(
      (db) => mounted && setOutcome({ key, db }),
      (error: unknown) => mounted && setOutcome({ key, error }),
    )
    return () => {
      mounted = false
      held.release()
    }
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- the key stands for the options, which may be new each time
  }, [key])
  if (outcome === null || outcome.key !== key) return null // another user's rows are never shown
  if ('error' in outcome) throw outcome.error
  return outcome.db
}
