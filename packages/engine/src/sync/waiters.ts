/**
 * The waiters of a sync: `sync.now` waits for the next one, `sync.settled` until nothing is left to sync.
 *
 * A waiter counts only requests begun after its call, since a request under way may have missed the change that it waits
 * for. It hears of each step of the loop and decides from the state alone. While the app has paused sync, or there is no
 * network, `settled` waits; it fails when only a person can help.
 */
import { decodeError, LandfallError } from '@landfall/protocol'
import { errorOf, needsPerson } from './loop/phase.ts'
import type { Event, State } from './loop/state.ts'

/** One step that the loop has taken. */
export type Taken = { before: State; event: Event; after: State }

export type SyncWaiters = {
  /** Resolves when a pull begun from now on is applied; rejects with what kept it from that. */
  synced(state: State): Promise<void>
  settled(state: State): Promise<void>
  heard(step: Taken): void
  fail(error: LandfallError): void
}

type Verdict = 'done' | 'failed' | 'wait'
type Waiter = {
  firstRequest: number
  /** A pull begun after the call was applied. */
  pulled: boolean
  judge(waiter: Waiter, state: State): Verdict
  resolve(): void
  reject(error: LandfallError): void
}

export function createSyncWaiters(): SyncWaiters {
  const waiters = new Set<Waiter>()

  function wait(state: State, judge: Waiter['judge']): Promise<void> {
    return new Promise((resolve, reject) => {
      waiters.add({ firstRequest: state.facts.nextRequest, pulled: false, judge, resolve, reject })
    })
  }

  function decide(waiter: Waiter, state: State): void {
    const verdict = waiter.judge(waiter, state)
    if (verdict === 'wait') return
    waiters.delete(waiter)
    if (verdict === 'done') return waiter.resolve()
    const error = errorOf(state)
    waiter.reject(error === null ? new LandfallError('sync_paused') : decodeError(error))
  }

  return {
    synced: (state) => wait(state, judgeSynced),
    settled: (state) => wait(state, judgeSettled),
    heard(step) {
      const pulled = pulledBy(step)
      for (const waiter of waiters) {
        if (pulled !== null && pulled >= waiter.firstRequest) waiter.pulled = true
        decide(waiter, step.after)
      }
    },
    fail(error) {
      for (const { reject } of waiters) reject(error)
      waiters.clear()
    },
  }
}

/** The request whose pull this step saw committed; null when it saw none. */
function pulledBy({ before, event }: Taken): number | null {
  if (before.kind !== 'applying' || event.kind !== 'applied' || event.id !== before.work.id) return null
  return before.work.turn?.kind === 'sync' ? event.id : null
}

/** A request made after the call has failed as a whole. */
const hasFailed = (waiter: Waiter, state: State): boolean =>
  (state.kind === 'offline' || state.kind === 'stopped') && state.facts.nextRequest > waiter.firstRequest

function judgeSynced(waiter: Waiter, state: State): Verdict {
  if (waiter.pulled) return 'done'
  return state.kind === 'paused' || hasFailed(waiter, state) ? 'failed' : 'wait'
}

function judgeSettled(waiter: Waiter, state: State): Verdict {
  const { store, pushTrouble } = state.facts
  if (waiter.pulled && store.outbox === 0 && store.ready) return 'done'
  // Asking has just left `stopped`, so this is a new failure, if only of a request that was under way.
  if (state.kind === 'stopped') return 'failed'
  return waiter.pulled && pushTrouble !== null && needsPerson(pushTrouble.error) ? 'failed' : 'wait'
}
