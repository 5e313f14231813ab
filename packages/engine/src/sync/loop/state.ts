/**
 * States, events and effects of the sync loop, and the facts that all states carry.
 *
 * Time is data: facts hold deadlines, events come with the moment they happened (`At`), and `deadline` in `phase.ts`
 * says when a state wants its timer. Nothing here knows SQLite, HTTP or clocks.
 */
import type { ErrorData } from '@landfall/protocol'

/** The moment of an event: milliseconds since 1970, and one draw in [0, 1) for jitter. */
export type At = { now: number; random: number }

/** A deadline that does not come by itself. */
export const NEVER = Number.POSITIVE_INFINITY

/** What the loop knows of the store, as of the last commit. */
export type StoreFacts = {
  /** Changesets not yet acknowledged. */
  outbox: number
  /** Milliseconds after that commit until something in the outbox is to be tried: all of it was deferred. 0: now. */
  dueMs: number
  /** The last acknowledged number; it tells a push that helped from one that did not. */
  acknowledged: number
  /** There is a cursor: the first pull has been applied. */
  started: boolean
  /** Some scope has pages to load. */
  pagesLeft: boolean
  /** All held scopes are complete. */
  ready: boolean
  /** Some table has a mark that no verification has answered. */
  marked: boolean
}

export type Trouble = { error: ErrorData; attempt: number }

export type StreamFacts = { kind: 'closed' | 'opening' | 'open'; attempt: number; openAt: number }

export type Facts = {
  leading: boolean
  paused: boolean
  store: StoreFacts
  /** When the next pull, push and page are due. */
  pullAt: number
  pushAt: number
  pageAt: number
  /** Why the last request failed; null once one has succeeded. */
  trouble: Trouble | null
  /** The push half alone failed: pulls go on. */
  pushTrouble: Trouble | null
  /** A page alone failed: pulls and pushes go on. */
  pageTrouble: Trouble | null
  /** The app or a mark wants to know whether the rows are the server's, and questions are left. */
  verifying: boolean
  /** When the next question may be asked. */
  verifyAt: number
  /** The server had no answer to the last question. */
  verifyTrouble: Trouble | null
  /** A new token came while a request was under way with the old one. */
  signedIn: boolean
  stream: StreamFacts
  lastTurn: Turn['kind']
  /** When the last sync was sent. */
  syncedAt: number
  nextRequest: number
}

/**
 * One row-carrying request. A sync always pulls: only a pull can acknowledge what the push did. A verify asks one
 * question, or for rows that differ.
 */
export type Turn = { kind: 'sync'; push: boolean } | { kind: 'page' } | { kind: 'verify' }

export type Request = { id: number; turn: Turn }

/** Local work under way; the response of a request, or starting over. */
export type Work = { id: number; turn: Turn; pushError: ErrorData | null } | { id: number; turn: null }

export type State =
  | { kind: 'standby'; facts: Facts }
  | { kind: 'paused'; facts: Facts }
  | { kind: 'idle'; facts: Facts }
  | { kind: 'requesting'; facts: Facts; request: Request; giveUpAt: number }
  | { kind: 'applying'; facts: Facts; work: Work }
  | { kind: 'offline'; facts: Facts; retryAt: number }
  | { kind: 'stopped'; facts: Facts; retryAt: number }

export type Event =
  /** This tab leads and the store is open / the store is being closed. */
  | { kind: 'lead'; store: StoreFacts }
  | { kind: 'unlead' }
  /** A local transaction was committed. */
  | { kind: 'wrote'; outbox: number }
  | { kind: 'poke' }
  | { kind: 'streamOpened' }
  | { kind: 'streamEnded' }
  /** Hints of the platform; true offline is only what a request finds. */
  | { kind: 'wentOnline' }
  | { kind: 'wentOffline' }
  | { kind: 'becameVisible' }
  | { kind: 'timer' }
  | { kind: 'pause' }
  | { kind: 'resume' }
  | { kind: 'syncNow' }
  | { kind: 'verify' }
  /** The app says that a new token is there. */
  | { kind: 'signedIn' }
  /** A response has arrived whole; its halves' errors, null where they succeeded. */
  | { kind: 'responded'; id: number; push: ErrorData | null; pull: ErrorData | null }
  | { kind: 'failed'; id: number; error: ErrorData; retryAfterMs: number }
  /** The local work is committed / was refused by the store. `more`: after a verify, whether questions are left. */
  | { kind: 'applied'; id: number; store: StoreFacts; more: boolean }
  | { kind: 'applyFailed'; id: number; error: ErrorData }

export type Effect =
  | { kind: 'send'; request: Request }
  | { kind: 'abort'; id: number }
  | { kind: 'apply'; id: number }
  | { kind: 'loadAgain'; id: number }
  | { kind: 'openStream' }
  | { kind: 'closeStream' }

export type Step = { state: State; effects: Effect[] }

export type StateKind = State['kind']
export type EventKind = Event['kind']
export type StateOf<Kind extends StateKind> = Extract<State, { kind: Kind }>
export type EventOf<Kind extends EventKind> = Extract<Event, { kind: Kind }>

const EMPTY_STORE: StoreFacts = {
  outbox: 0,
  dueMs: 0,
  acknowledged: 0,
  started: false,
  pagesLeft: false,
  ready: false,
  marked: false,
}

/** Before this tab leads. */
export function initialState(): State {
  return {
    kind: 'standby',
    facts: {
      leading: false,
      paused: false,
      store: EMPTY_STORE,
      pullAt: 0,
      pushAt: NEVER,
      pageAt: 0,
      trouble: null,
      pushTrouble: null,
      pageTrouble: null,
      verifying: false,
      verifyAt: 0,
      verifyTrouble: null,
      signedIn: false,
      stream: { kind: 'closed', attempt: 0, openAt: 0 },
      lastTurn: 'page',
      syncedAt: 0,
      nextRequest: 1,
    },
  }
}
