/**
 * Stillness: when nothing real is under way, virtual time may move.
 *
 * Database transactions are counted while they run. Everything else in an engine or a server is promises and stream
 * chunks, which a few turns of the event loop carry out; what comes later only shifts to the next instant of virtual
 * time, so a turn too few costs order, never correctness. Whole requests are not counted: a server that waits before
 * it tries a deadlocked push again waits for virtual time.
 */
import type { Database } from '@landfall/server'

const QUIET_TURNS = 6

export type Busy = { count: number }

/** Resolves when nothing has been under way for a few turns of the event loop. */
export async function stillness(busy: Busy): Promise<void> {
  for (let quiet = 0; quiet < QUIET_TURNS; quiet = busy.count === 0 ? quiet + 1 : 0) {
    // tidy: timer — a turn of the event loop: promises and streams have no clock
    await new Promise<void>((resolve) => setImmediate(resolve))
  }
}

/** The same database, its transactions counted. */
export function counted(database: Database, busy: Busy): Database {
  return {
    ...database,
    kind: database.kind,
    async transaction(options, work) {
      busy.count++
      try {
        return await database.transaction(options, work)
      } finally {
        busy.count--
      }
    },
    close: () => database.close(),
  }
}
