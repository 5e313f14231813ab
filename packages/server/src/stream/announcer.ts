/**
 * Tells the other processes of the same Postgres that there is news, and hears it from them.
 *
 * By a NOTIFY in a transaction of its own, never in a user's (it would serialise all commits). One is under way at a
 * time, and one more follows for what came meanwhile. It is a hint: whoever misses it polls soon anyway.
 */
import type { ServerContext } from '../context.ts'

export type Announcer = {
  /** Answers how to stop listening. */
  listen(heard: () => void): () => void
  tellOthers(): Promise<void>
}

export function createAnnouncer(
  { database, bookkeeping }: Pick<ServerContext, 'database' | 'bookkeeping'>,
  onFailure: (error: unknown) => void,
): Announcer {
  const { channel } = bookkeeping
  let telling = false
  let more = false

  async function tellOthers(): Promise<void> {
    more = true
    if (!database.notify || telling) return
    telling = true
    while (takeMore()) await database.notify(channel).catch(onFailure)
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
      const listening = database.listen?.(channel, heard)
      listening?.catch(onFailure)
      return () => void listening?.then((end) => end()).catch(onFailure)
    },
  }
}
