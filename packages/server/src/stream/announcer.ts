/**
 * Tells the other processes of the same Postgres that there is news, and hears it from them.
 *
 * By a NOTIFY in a transaction of its own, never in a user's (it would serialise all commits). One is under way at a
 * time, and one more follows for what came meanwhile. It is a hint: whoever misses it polls soon anyway.
 */
import type { Database } from '../database/database.ts'

export type Announcer = {
  /** Answers how to stop listening. */
  listen(heard: () => void): () => void
  tellOthers(): Promise<void>
}

const CHANNEL = 'landfall'

export function createAnnouncer(database: Database, onFailure: (error: unknown) => void): Announcer {
  let telling = false
  let more = false

  async function tellOthers(): Promise<void> {
    more = true
    if (!database.notify || telling) return
    telling = true
    while (takeMore()) await database.notify(CHANNEL).catch(onFailure)
    telling = false
  }

  function takeMore(): boolean {
    const wanted = more
    more = false
    return wanted
  }

  return {
    tellOthers,
    listen(heard) {
      const listening = database.listen?.(CHANNEL, heard)
      listening?.catch(onFailure)
      return () => void listening?.then((end) => end()).catch(onFailure)
    },
  }
}
