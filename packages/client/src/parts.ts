/** The parts of a database that have a name of their own: `db.sync`, `db.conflicts`, `db.rejections`, `db.scopes`. */
import type { EngineApi, EngineStatus, StoredConflict, StoredRejection } from '@landfall/engine'
import { encodeScopeKey, LandfallError } from '@landfall/protocol'

export type Sync = {
  /** Syncs at once; resolves when it is done, rejects with what kept it from that. */
  now(): Promise<void>
  pause(): Promise<void>
  resume(): Promise<void>
  /** Resolves when the outbox is empty and all that the server had at the call is here. */
  settled(): Promise<void>
}

export type Resolution = { [column: string]: 'mine' | 'theirs' | { value: unknown } }

export type Conflicts = {
  list(): Promise<StoredConflict[]>
  resolve(id: string, resolution: Resolution): Promise<void>
  discard(id: string): Promise<void>
}

export type Rejections = {
  list(): Promise<StoredRejection[]>
  retry(id: number, edits?: unknown): Promise<void>
  discard(id: number): Promise<void>
}

/** `none`: not held (yet). `loading`: rows are missing. `ready`: complete, empty means empty. */
export type ScopeStatus = 'none' | 'loading' | 'ready'

export type Scopes = {
  status(scope: string, key?: string): ScopeStatus
  subscribe(scope: string, key: string): Promise<void>
  unsubscribe(scope: string, key: string): Promise<void>
}

export function syncOf(api: EngineApi): Sync {
  return {
    now: () => api.syncNow(),
    pause: () => api.pause(),
    resume: () => api.resume(),
    settled: () => api.settled(),
  }
}

export function conflictsOf(api: EngineApi): Conflicts {
  return {
    list: () => api.conflicts(),
    resolve: () => notAvailable('conflicts.resolve'),
    discard: (id) => api.discardConflict(id),
  }
}

export function rejectionsOf(api: EngineApi): Rejections {
  return {
    list: () => api.rejections(),
    retry: () => notAvailable('rejections.retry'),
    discard: (id) => api.discardRejection(id),
  }
}

export function scopesOf(status: () => EngineStatus): Scopes {
  return {
    status(scope, key = '') {
      const name = encodeScopeKey(scope, key)
      const found = status().scopes.find((held) => held.scope === name)
      if (found === undefined) return 'none'
      return found.ready ? 'ready' : 'loading'
    },
    subscribe: () => notAvailable('scopes.subscribe'),
    unsubscribe: () => notAvailable('scopes.unsubscribe'),
  }
}

async function notAvailable(call: string): Promise<never> {
  throw new LandfallError('not_available', { call })
}
