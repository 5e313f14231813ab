/** The calls on conflicts and rejections, which the store keeps for people. */
import { LandfallError } from '@landfall/protocol'
import type { ConflictsApi, RejectionsApi, ScopesApi } from '../api.ts'
import type { Store } from './store.ts'

export type KeptContext = {
  store: Store
  inTurn: <T>(work: () => T) => Promise<T>
  /** What is kept has changed. */
  recount: () => void
}

export function createConflictsApi({ store, inTurn, recount }: KeptContext): ConflictsApi {
  return {
    list: () => inTurn(() => store.conflicts()),
    resolve: () => notAvailable('conflicts.resolve'),
    discard: (id) => inTurn(() => store.discardConflict(id)).then(recount),
  }
}

export function createRejectionsApi({ store, inTurn, recount }: KeptContext): RejectionsApi {
  return {
    list: () => inTurn(() => store.rejections()),
    retry: () => notAvailable('rejections.retry'),
    discard: (id) => inTurn(() => store.discardRejection(id)).then(recount),
  }
}

export function createScopesApi(): ScopesApi {
  return {
    subscribe: () => notAvailable('scopes.subscribe'),
    unsubscribe: () => notAvailable('scopes.unsubscribe'),
  }
}

async function notAvailable(call: string): Promise<never> {
  throw new LandfallError('not_available', { call })
}
