/** A state of the loop as others see it: when its timer is due, and the phase and error that the status shows. */
import type { ErrorData } from '@landfall/protocol'
import type { Phase } from '../../api.ts'
import { nextDue } from './next-turn.ts'
import { NEVER, type State } from './state.ts'

/**
 * When this state wants its timer. Only the states that wait for nothing remote have none: `standby` and `paused`
 * wait for the app, `applying` for the local commit.
 */
export function deadline(state: State): number {
  switch (state.kind) {
    case 'idle':
      return nextDue(state.facts)
    case 'requesting':
      return state.giveUpAt
    case 'offline':
    case 'stopped':
      return state.retryAt
    case 'standby':
    case 'paused':
    case 'applying':
      return NEVER
  }
}

/** Trouble stays visible while it is being tried again: the phase changes when a request has succeeded. */
export function phaseOf(state: State): Phase {
  if (state.kind === 'standby') return 'opening'
  if (state.kind === 'paused') return 'paused'
  const { trouble, store } = state.facts
  if (trouble !== null) return needsPerson(trouble.error) ? 'stopped' : 'offline'
  if (!store.ready) return 'loading'
  return state.kind === 'idle' ? 'synced' : 'syncing'
}

export function errorOf(state: State): ErrorData | null {
  const { trouble, pushTrouble, pageTrouble } = state.facts
  return (trouble ?? pushTrouble ?? pageTrouble)?.error ?? null
}

const SOLVED_BY_WAITING: ReadonlySet<string> = new Set([
  'offline',
  'token_failed',
  'not_a_sync_server',
  'response_invalid',
  'server_busy',
  'server_error',
  'authenticate_failed',
  'rate_limited',
  'history_lost',
])

/** Whether waiting alone will not help. */
export function needsPerson(error: ErrorData): boolean {
  return !SOLVED_BY_WAITING.has(error.code)
}
