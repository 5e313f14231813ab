/** Builds the requests of the sync loop from the store, and reads the facts that the loop needs of the store. */
import {
  type FirstLoadRequest,
  type Changeset,
  LandfallError,
  type PullRequest,
  type PushRequest,
} from '@landfall/protocol'
import type { StoreFacts } from './loop/state.ts'
import type { ScopeState, Store, SyncState } from '../store/store.ts'

export function storeFacts(store: Store): StoreFacts {
  const state = store.syncState()
  return {
    outbox: store.outboxCount(),
    dueMs: store.outboxDueMs(),
    acknowledged: state.acknowledged,
    started: state.cursor !== null,
    pagesLeft: state.scopes.some(isMissingPages),
    ready: state.cursor !== null && state.scopes.every(({ ready }) => ready),
    marked: state.gaps.some(({ marks }) => marks > 0),
  }
}

export function pullRequest({ client, cursor, acknowledged, scopes }: SyncState): PullRequest {
  return { client, cursor, acknowledged, scopes: cursor === null ? [] : scopes.map(({ scope }) => scope) }
}

/** null when there is nothing to push, or no history yet to push onto. */
export function pushRequest(
  { client, cursor, user, acknowledged }: SyncState,
  changesets: Changeset[],
): PushRequest | null {
  if (cursor === null || changesets.length === 0) return null
  return {
    client,
    history: cursor.history,
    ...(user === null ? {} : { user }),
    moved: acknowledged,
    changesets,
  }
}

/** The next page of the first scope that misses some. */
export function pageRequest({ client, scopes }: SyncState): FirstLoadRequest {
  const scope = scopes.find(isMissingPages)
  if (scope === undefined) throw new LandfallError('internal', { what: 'no scope misses pages' })
  return { client, scope: scope.scope, position: scope.position }
}

const isMissingPages = ({ ready, loaded }: ScopeState): boolean => !ready && !loaded
