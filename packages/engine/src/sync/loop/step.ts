/**
 * The sync loop (P8.1) as a pure state machine: `step(state, event, at) -> { state, effects }`.
 *
 *                 lead                  something is due               response
 *   standby ------------------> idle --------------------> requesting ----------> applying
 *      ^                         ^  ^                         |    |                 | |
 *      | unlead, from anywhere   |  |   nothing is due        |    |    committed    | |
 *                                |  +-------------------------+----+-----------------+ |
 *                        resume  |                            |                        |
 *   paused <---- pause ----------+              failed, timer |       store refused it |
 *                                |                            v                        |
 *                                +---- timer, hint --- offline, stopped <--------------+
 *                                       or person
 *
 * - One row-carrying request at a time, and none before the last response is committed: `requesting` and `applying`
 *   are the only ways to rows, and neither leads to itself (P3, P5).
 * - Every state that waits for the server or for time has a timer (`deadline` in `phase.ts`); hints (poke, online,
 *   visible) only make it earlier (P8.1).
 * - A response is known by its request's id: one that comes after its request was given up is ignored.
 *
 * The table has a cell for every state and event; the compiler demands it.
 */
import { fail, ignore, note, poked, proceed, retry, streamEnded, streamOpened, wrote } from './move.ts'
import {
  type At,
  type Event,
  type EventKind,
  type EventOf,
  type Facts,
  NEVER,
  type State,
  type StateKind,
  type StateOf,
  type Step,
} from './state.ts'
import { applied, applyFailed, failed, responded } from './responses.ts'

type Cell<S extends StateKind, E extends EventKind> = (state: StateOf<S>, event: EventOf<E>, at: At) => Step
type Table = { [S in StateKind]: { [E in EventKind]: Cell<S, E> } }

export function step(state: State, event: Event, at: At): Step {
  // The compiler cannot see that the cell's state and event are those it was looked up by.
  const cell = TABLE[state.kind][event.kind] as Cell<StateKind, EventKind>
  return cell(state, event, at)
}

const noteWrite = (state: State, event: EventOf<'wrote'>, at: At): Step =>
  note(state, wrote(state.facts, event.outbox, at))
const pullSoon = (state: State, _: Event, at: At): Step => note(state, { pullAt: at.now })
const notePoke = (state: State, _: Event, at: At): Step => note(state, poked(state.facts, at))
const pullNow = (state: State, _: Event, at: At): Step => proceed({ ...state.facts, pullAt: at.now }, at)
const retryNow = (state: State, _: Event, at: At): Step => retry(state.facts, at)
const unlead = (state: State, _: Event, at: At): Step => proceed({ ...state.facts, leading: false }, at)
const pause = (state: State, _: Event, at: At): Step => proceed({ ...state.facts, paused: true }, at)
const noteStreamOpened = (state: State, _: Event, at: At): Step => note(state, streamOpened(state.facts, at))
const noteStreamEnded = (state: State, _: Event, at: At): Step => note(state, streamEnded(state.facts, at))

function lead(state: State, event: EventOf<'lead'>, at: At): Step {
  const pushAt = event.store.outbox > 0 ? at.now : NEVER
  return proceed(
    { ...state.facts, leading: true, store: event.store, pullAt: at.now, pageAt: at.now, pushAt },
    at,
  )
}

function resume(state: State, _: Event, at: At): Step {
  return retry({ ...state.facts, paused: false, trouble: null, pushTrouble: null, pageTrouble: null }, at)
}

/** As after a question: a pull comes first. */
const verifying = ({ facts }: State, at: At): Facts => ({
  ...facts,
  verifying: true,
  verifyAt: at.now,
  verifyTrouble: null,
  lastTurn: 'verify',
  pullAt: at.now,
})
const verifyNow = (state: State, _: Event, at: At): Step => proceed(verifying(state, at), at)
const verifySoon = (state: State, _: Event, at: At): Step => note(state, verifying(state, at))

/** Leaves a request behind: its response will be ignored, and what it pushed is pushed again, which is harmless. */
function abandon(state: StateOf<'requesting'>, facts: Facts, at: At): Step {
  const { state: next, effects } = proceed(facts, at)
  return { state: next, effects: [{ kind: 'abort', id: state.request.id }, ...effects] }
}

function giveUp(state: StateOf<'requesting'>, _: Event, at: At): Step {
  if (at.now < state.giveUpAt) return ignore(state)
  const error = {
    code: 'offline',
    message: 'offline: no answer in time',
    details: { timeout: true },
  } as const
  const { state: next, effects } = fail(state.facts, { error, retryAfterMs: 0 }, at)
  return { state: next, effects: [{ kind: 'abort', id: state.request.id }, ...effects] }
}

function lostNetwork(state: State, _: Event, at: At): Step {
  const error = { code: 'offline', message: 'offline: the device has no network', details: {} } as const
  return fail(state.facts, { error, retryAfterMs: 0 }, at)
}

/** Nothing of a request is under way: late answers mean nothing. */
const NO_REQUEST = {
  responded: ignore,
  failed: ignore,
  applied: ignore,
  applyFailed: ignore,
}

/** Nothing to do but to remember what happened. */
const STILL = {
  ...NO_REQUEST,
  wrote: (state: State, event: EventOf<'wrote'>): Step =>
    note(state, { store: { ...state.facts.store, outbox: event.outbox } }),
  poke: ignore,
  streamOpened: ignore,
  streamEnded: ignore,
  wentOnline: ignore,
  wentOffline: ignore,
  becameVisible: ignore,
  timer: ignore,
  syncNow: ignore,
  verify: ignore,
  signedIn: ignore,
}

const WAITING_TO_RETRY = {
  ...NO_REQUEST,
  lead: ignore,
  unlead,
  wrote: noteWrite,
  poke: ignore,
  streamOpened: ignore,
  streamEnded: ignore,
  wentOnline: retryNow,
  wentOffline: ignore,
  becameVisible: retryNow,
  timer: (state: StateOf<'offline' | 'stopped'>, _: Event, at: At): Step =>
    at.now < state.retryAt ? ignore(state) : retry(state.facts, at),
  pause,
  resume,
  syncNow: retryNow,
  verify: (state: State, _: Event, at: At): Step => retry(verifying(state, at), at),
  signedIn: retryNow,
}

const TABLE: Table = {
  standby: {
    ...STILL,
    lead,
    unlead: ignore,
    pause: (state) => note(state, { paused: true }),
    resume: (state) => note(state, { paused: false }),
  },
  paused: {
    ...STILL,
    lead: ignore,
    unlead,
    pause: ignore,
    resume,
  },
  idle: {
    ...NO_REQUEST,
    lead: ignore,
    unlead,
    wrote: (state, event, at) => proceed(wrote(state.facts, event.outbox, at), at),
    poke: (state, _, at) => proceed(poked(state.facts, at), at),
    streamOpened: (state, _, at) => proceed(streamOpened(state.facts, at), at),
    streamEnded: (state, _, at) => proceed(streamEnded(state.facts, at), at),
    wentOnline: pullNow,
    wentOffline: lostNetwork,
    becameVisible: pullNow,
    timer: (state, _, at) => proceed(state.facts, at),
    pause,
    resume: pullNow,
    syncNow: pullNow,
    verify: verifyNow,
    signedIn: pullNow,
  },
  requesting: {
    lead: ignore,
    unlead: (state, _, at) => abandon(state, { ...state.facts, leading: false }, at),
    wrote: noteWrite,
    poke: notePoke,
    streamOpened: noteStreamOpened,
    streamEnded: noteStreamEnded,
    wentOnline: ignore,
    wentOffline: ignore,
    becameVisible: ignore,
    timer: giveUp,
    pause: (state, _, at) => abandon(state, { ...state.facts, paused: true }, at),
    resume: ignore,
    syncNow: pullSoon,
    verify: verifySoon,
    signedIn: (state) => note(state, { signedIn: true }),
    responded,
    failed,
    applied: ignore,
    applyFailed: ignore,
  },
  applying: {
    lead: (state) => note(state, { leading: true }),
    unlead: (state) => note(state, { leading: false }),
    wrote: noteWrite,
    poke: notePoke,
    streamOpened: noteStreamOpened,
    streamEnded: noteStreamEnded,
    wentOnline: ignore,
    wentOffline: ignore,
    becameVisible: ignore,
    timer: ignore,
    pause: (state) => note(state, { paused: true }),
    resume: (state) => note(state, { paused: false }),
    syncNow: pullSoon,
    verify: verifySoon,
    signedIn: (state) => note(state, { signedIn: true }),
    responded: ignore,
    failed: ignore,
    applied,
    applyFailed,
  },
  offline: WAITING_TO_RETRY,
  stopped: WAITING_TO_RETRY,
}
