/**
 * The moves that the cells of the transition table in `step.ts` are made of. Each takes facts and gives the next step.
 */
import type { ErrorData } from '@landfall/protocol'
import { type Backoff, backoffMs, NEEDS_PERSON, OFFLINE, SIGNED_OUT } from './backoff.ts'
import { needsPerson } from './phase.ts'
import { COALESCE_MS, mayStream, nextPullAt, planTurn, spaced } from './next-turn.ts'
import {
  type At,
  type Effect,
  type Facts,
  NEVER,
  type State,
  type StateOf,
  type Step,
  type Trouble,
  type Turn,
} from './state.ts'

/** A response that has not come by then will not come. Pages and pulls of a slow network fit well inside. */
export const GIVE_UP_MS = 60_000

/** The same state with other facts: for events that are only noted here. */
export function note<S extends State>(state: S, changes: Partial<Facts>): Step {
  return { state: { ...state, facts: { ...state.facts, ...changes } }, effects: [] }
}

export const ignore = (state: State): Step => ({ state, effects: [] })

/** Goes on with whatever is due: the one way into `idle` and `requesting`. */
export function proceed(facts: Facts, at: At): Step {
  if (!facts.leading) return leave({ kind: 'standby', facts })
  if (facts.paused) return leave({ kind: 'paused', facts })
  const opening = facts.stream.kind === 'closed' && facts.stream.openAt <= at.now && mayStream(facts)
  const streamed: Facts = opening ? { ...facts, stream: { ...facts.stream, kind: 'opening' } } : facts
  const effects: Effect[] = opening ? [{ kind: 'openStream' }] : []
  const turn = planTurn(streamed, at.now)
  if (turn === null) return { state: { kind: 'idle', facts: streamed }, effects }
  const request = { id: streamed.nextRequest, turn }
  const sent: Facts = {
    ...streamed,
    nextRequest: request.id + 1,
    signedIn: false,
    lastTurn: turn.kind,
    ...spent(turn, streamed, at),
  }
  return {
    state: { kind: 'requesting', facts: sent, request, giveUpAt: at.now + GIVE_UP_MS },
    effects: [...effects, { kind: 'send', request }],
  }
}

/** Deadlines met by sending. What comes up while the request is under way sets them anew. */
function spent(turn: Turn, facts: Facts, at: At): Partial<Facts> {
  if (turn.kind !== 'sync') return {}
  return { syncedAt: at.now, pullAt: nextPullAt(facts, at), ...(turn.push ? { pushAt: NEVER } : {}) }
}

/** Into a state without a stream, where nothing is asked: a verification ends here. */
function leave(state: StateOf<'standby' | 'paused' | 'offline' | 'stopped'>): Step {
  const { stream } = state.facts
  const closed: Facts = {
    ...state.facts,
    verifying: false,
    stream: { kind: 'closed', attempt: stream.attempt, openAt: 0 },
  }
  return {
    state: { ...state, facts: closed },
    effects: stream.kind === 'closed' ? [] : [{ kind: 'closeStream' }],
  }
}

/** A local transaction was committed: push soon, unless a failed push waits for its time. */
export function wrote(facts: Facts, outbox: number, at: At): Facts {
  const due = outbox > 0 && facts.pushTrouble === null
  return {
    ...facts,
    store: { ...facts.store, outbox },
    pushAt: due ? Math.min(facts.pushAt, spaced(facts, at.now + COALESCE_MS)) : facts.pushAt,
  }
}

export type Failure = { error: ErrorData; retryAfterMs: number }

/** A request failed as a whole, or its local work did. One that was sent with the former token is sent again at once. */
export function fail(facts: Facts, { error, retryAfterMs }: Failure, at: At): Step {
  if (error.code === 'unauthenticated' && facts.signedIn) return retry(facts, at)
  const trouble = worse(facts.trouble, error)
  if (error.code === 'history_lost') return loadAgain({ ...facts, trouble })
  const retryAt = at.now + delay({ error, attempt: trouble.attempt, retryAfterMs }, at)
  const kind = needsPerson(error) ? 'stopped' : 'offline'
  return stay({ kind, facts: { ...facts, trouble, pullAt: at.now }, retryAt })
}

function stay(state: StateOf<'offline' | 'stopped'>): Step {
  if (!state.facts.leading) return leave({ kind: 'standby', facts: state.facts })
  if (state.facts.paused) return leave({ kind: 'paused', facts: state.facts })
  return leave(state)
}

function loadAgain(facts: Facts): Step {
  const id = facts.nextRequest
  return {
    state: {
      kind: 'applying',
      facts: { ...facts, verifying: false, nextRequest: id + 1 },
      work: { id, turn: null },
    },
    effects: [{ kind: 'loadAgain', id }],
  }
}

/** Tries again at once: the timer, the platform or a person asks for it. */
export function retry(facts: Facts, at: At): Step {
  const due = facts.store.outbox > 0 ? at.now : NEVER
  return proceed({ ...facts, pullAt: at.now, pageAt: at.now, pushAt: due }, at)
}

/** What failed alone is tried again later, while the rest goes on. */
export function troubled(
  before: Trouble | null,
  { error, retryAfterMs }: Failure,
  at: At,
): { trouble: Trouble; at: number } {
  const trouble = worse(before, error)
  return { trouble, at: at.now + delay({ ...trouble, retryAfterMs }, at) }
}

function worse(before: Trouble | null, error: ErrorData): Trouble {
  return { error, attempt: (before?.attempt ?? 0) + 1 }
}

function delay(trouble: Trouble & { retryAfterMs: number }, { random }: At): number {
  return backoffMs(scheduleOf(trouble.error), { ...trouble, random })
}

function scheduleOf(error: ErrorData): Backoff {
  if (error.code === 'unauthenticated') return SIGNED_OUT
  // A person has to help, but the next try shows at once that it has happened.
  if (error.code === 'server_misconfigured') return OFFLINE
  return needsPerson(error) ? NEEDS_PERSON : OFFLINE
}

/** The server has news. */
export const poked = (facts: Facts, { now }: At): Facts => ({
  ...facts,
  pullAt: Math.min(facts.pullAt, spaced(facts, now)),
})

/** The stream ended: an orderly end opens a new one soon, a failed opening backs off. */
export function streamEnded(facts: Facts, at: At): Facts {
  const attempt = facts.stream.kind === 'open' ? 1 : facts.stream.attempt + 1
  const openAt = at.now + backoffMs(OFFLINE, { attempt, random: at.random, retryAfterMs: 0 })
  return {
    ...facts,
    stream: { kind: 'closed', attempt, openAt },
    pullAt: Math.min(facts.pullAt, nextPullAt(facts, at)),
  }
}

/** Pokes before the stream stood may have been missed: pull once more. */
export function streamOpened(facts: Facts, at: At): Facts {
  return { ...facts, stream: { kind: 'open', attempt: 0, openAt: 0 }, pullAt: at.now }
}
