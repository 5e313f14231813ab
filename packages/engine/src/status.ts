/**
 * The status that people see (P12): put together from the loop's state and the store, and sent when it has changed.
 *
 * Bursts of changes (a thousand local writes) make one status, `COALESCE_MS` after the first. When the store cannot be
 * read, the status carries the error beside the last known values; an exception out of the timer would end the whole
 * worker.
 */
import { type Clock, encodeError, type ErrorData } from '@landfall/protocol'
import type { EngineStatus, StorageState } from './api.ts'
import { errorOf, phaseOf } from './sync/loop/phase.ts'
import type { State } from './sync/loop/state.ts'
import type { SqliteDriver } from './ports.ts'
import { jsonIn } from './store/cells.ts'
import type { Store } from './store/store.ts'

const COALESCE_MS = 10

export type StatusSources = {
  clock: Clock
  store: Store
  driver: SqliteDriver
  loop: () => State
  storage: () => StorageState
  /** What ended the engine's work for good, such as lost storage. */
  fatal: () => ErrorData | null
  listener: (status: EngineStatus) => void
}

export type StatusBoard = {
  /** Something may have changed. */
  changed(): void
  /** Tells at once what is still waiting to be told. */
  flush(): void
  /** What pulls or discards change was changed: rejections and conflicts are counted anew. */
  recount(): void
  read(): EngineStatus
  close(): void
}

export function createStatusBoard(sources: StatusSources): StatusBoard {
  let counts = countKept(sources.driver)
  let isCounted = true
  let known = sources.store.syncState()
  let told = ''
  let cancel: (() => void) | null = null
  let closed = false

  /** What kept the store from being read. */
  function look(): ErrorData | null {
    try {
      known = sources.store.syncState()
      if (!isCounted) counts = countKept(sources.driver)
      isCounted = true
      return null
    } catch (error) {
      return encodeError(error)
    }
  }

  function read(): EngineStatus {
    const state = sources.loop()
    const fatal = sources.fatal()
    // What ended the work may keep the store from being read: the last that was known is told then.
    const unreadable = fatal === null ? look() : null
    const { scopes, lastSyncedAt, user, gaps } = known
    return {
      phase: fatal === null ? phaseOf(state) : 'stopped',
      outbox: state.facts.store.outbox,
      ...counts,
      lastSyncedAt,
      storage: sources.storage(),
      leader: state.facts.leading,
      scopes: scopes.map(({ scope, ready }) => ({ scope, ready })),
      uncaptured: gaps.flatMap(({ table, uncaptured }) => (uncaptured ? [table] : [])),
      user,
      error: fatal ?? unreadable ?? errorOf(state),
    }
  }

  function tell(): void {
    cancel = null
    const status = read()
    const text = JSON.stringify(status)
    if (text === told) return
    told = text
    sources.listener(status)
  }

  return {
    changed() {
      if (!closed) cancel ??= sources.clock.after(COALESCE_MS, tell)
    },
    flush() {
      if (cancel === null) return
      cancel()
      tell()
    },
    recount() {
      isCounted = false
    },
    read,
    close() {
      closed = true
      cancel?.()
      cancel = null
    },
  }
}

type Kept = Pick<EngineStatus, 'rejections' | 'conflicts' | 'deferred' | 'deferral'>

function countKept(driver: SqliteDriver): Kept {
  const count = (from: string): number =>
    Number(driver.prepare(`SELECT count(*) FROM ${from}`).all([])[0]?.[0])
  return {
    rejections: count('landfall_rejections'),
    conflicts: count('landfall_conflicts'),
    deferred: count('landfall_outbox WHERE reason IS NOT NULL'),
    deferral: firstDeferral(driver),
  }
}

function firstDeferral(driver: SqliteDriver): ErrorData | null {
  const [row] = driver
    .prepare('SELECT reason FROM landfall_outbox WHERE reason IS NOT NULL ORDER BY tries = 0, number LIMIT 1')
    .all([])
  return row === undefined ? null : (jsonIn(row[0] ?? null) as ErrorData) // written by moveDeferred
}
