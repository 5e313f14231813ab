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

/** Counts what is under way. */
export type Busy = {
  begin(): void
  end(): void
  isIdle(): boolean
  /** Resolves when nothing is under way, without asking again and again. */
  idle(): Promise<void>
}

export function createBusy(): Busy {
  let count = 0
  let waiting: (() => void)[] = []
  return {
    begin: () => void count++,
    end() {
      if (--count > 0) return
      for (const resolve of waiting) resolve()
      waiting = []
    },
    isIdle: () => count === 0,
    idle: () => (count === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve))),
  }
}

/** Resolves when nothing has been under way for a few turns of the event loop. One promise for all: it is called often. */
export function stillness(busy: Busy): Promise<void> {
  return new Promise((resolve) => {
    let quiet = 0
    // tidy: timer — a turn of the event loop: promises and streams have no clock
    const again = (): void => void setImmediate(turn)
    const turn = (): void => {
      quiet = busy.isIdle() ? quiet + 1 : 0
      if (quiet > QUIET_TURNS) resolve()
      else if (quiet > 0) again()
      else void busy.idle().then(again)
    }
    again()
  })
}

export async function whileCounted<T>(busy: Busy, work: () => Promise<T>): Promise<T> {
  busy.begin()
  try {
    return await work()
  } finally {
    busy.end()
  }
}

/** The same database, its transactions counted. */
export function counted(database: Database, busy: Busy): Database {
  return {
    ...database,
    kind: database.kind,
    transaction: (options, work) => whileCounted(busy, () => database.transaction(options, work)),
    close: () => database.close(),
  }
}
