/**
 * The outcomes of a request: its response, the local commit of that response, and a half that failed alone.
 */
import type { ErrorData } from '@landfall/protocol'
import { fail, type Failure, ignore, proceed, retry, troubled } from './move.ts'
import { afterMarks, spaced } from './next-turn.ts'
import {
  type At,
  type EventOf,
  type Facts,
  NEVER,
  type StateOf,
  type Step,
  type StoreFacts,
} from './state.ts'

/** A response is here. Only what it carries is applied; the failed half waits until that is done. */
export function responded(state: StateOf<'requesting'>, event: EventOf<'responded'>, at: At): Step {
  const { facts, request } = state
  if (event.id !== request.id) return ignore(state)
  if (event.pull !== null) return fail(facts, failureOf(event.pull), at)
  const work = { id: request.id, turn: request.turn, pushError: event.push }
  return { state: { kind: 'applying', facts, work }, effects: [{ kind: 'apply', id: request.id }] }
}

/** A page that the server refused holds up neither pulls nor pushes; anything else fails the connection. */
export function failed(state: StateOf<'requesting'>, event: EventOf<'failed'>, at: At): Step {
  const { facts, request } = state
  if (event.id !== request.id) return ignore(state)
  if (request.turn.kind === 'page' && PAGE_ALONE.has(event.error.code)) {
    const { trouble, at: pageAt } = troubled(facts.pageTrouble, { error: event.error, retryAfterMs: 0 }, at)
    return proceed({ ...facts, pageTrouble: trouble, pageAt, pullAt: at.now }, at)
  }
  if (request.turn.kind === 'verify' && VERIFY_ALONE.has(event.error.code))
    return proceed(unanswered(facts, event, at), at)
  return fail(facts, event, at)
}

const PAGE_ALONE: ReadonlySet<string> = new Set([
  'server_error',
  'scope_not_held',
  'bad_request',
  'too_large',
  'internal',
])

/** Errors that concern a verification and nothing else: a server that has no answer to it, or too much to do. */
const BUSY: ReadonlySet<string> = new Set(['rate_limited', 'server_busy'])
const VERIFY_ALONE: ReadonlySet<string> = new Set([
  ...PAGE_ALONE,
  ...BUSY,
  'not_found',
  'not_available',
  'server_misconfigured',
])

/** How often in a row a server may be too busy before a verification ends; a mark then begins another. */
const MOST_BUSY = 5

function unanswered(facts: Facts, { error, retryAfterMs }: Failure, at: At): Facts {
  const { trouble, at: verifyAt } = troubled(facts.verifyTrouble, { error, retryAfterMs }, at)
  const verifying = BUSY.has(error.code) && trouble.attempt < MOST_BUSY
  return { ...facts, verifying, verifyAt, verifyTrouble: trouble }
}

/** The response is committed; now the next request may be asked for. */
export function applied(state: StateOf<'applying'>, event: EventOf<'applied'>, at: At): Step {
  const { work } = state
  if (event.id !== work.id) return ignore(state)
  const facts = { ...state.facts, store: event.store }
  if (work.turn === null) return forgotHistory(facts, at)
  if (work.turn.kind === 'page') return proceed(afterPage(facts, at), at)
  if (work.turn.kind === 'verify') return proceed(afterVerify(facts, event.more, at), at)
  const pushError = work.turn.push ? (work.pushError ?? unmoved(state.facts.store, event.store)) : null
  if (pushError?.code === 'history_lost') return fail(facts, failureOf(pushError), at)
  if (pushError !== null && STOPS_BOTH.has(pushError.code)) return fail(facts, failureOf(pushError), at)
  return proceed(afterSync({ ...facts, trouble: null }, { pushed: work.turn.push, pushError }, at), at)
}

/** Errors of the push that the pull will meet, too, or that no pull can help. */
const STOPS_BOTH: ReadonlySet<string> = new Set([
  'unauthenticated',
  'client_taken',
  'user_changed',
  'schema_mismatch',
  'protocol_mismatch',
])

export function applyFailed(state: StateOf<'applying'>, event: EventOf<'applyFailed'>, at: At): Step {
  if (event.id !== state.work.id) return ignore(state)
  return fail(state.facts, failureOf(event.error), at)
}

function forgotHistory(facts: Facts, at: At): Step {
  if ((facts.trouble?.attempt ?? 0) < 2) return retry(facts, at)
  // A server that finds every history lost would be asked in a tight loop.
  const { at: retryAt } = troubled(facts.trouble, { error: LOST_AGAIN, retryAfterMs: 0 }, at)
  return proceed({ ...facts, pullAt: retryAt, pushAt: NEVER }, at)
}

const LOST_AGAIN: ErrorData = { code: 'history_lost', message: '', details: {} }

function afterPage(facts: Facts, at: At): Facts {
  const done = !facts.store.pagesLeft
  // The pull that follows the last page makes the scope exact, and ready.
  return { ...facts, trouble: null, pageTrouble: null, pageAt: at.now, pullAt: done ? at.now : facts.pullAt }
}

/** What it may have repaired is newer than the cursor: the pull that follows makes it exact. */
function afterVerify(facts: Facts, more: boolean, at: At): Facts {
  const soon = spaced(facts, at.now)
  const verifying = facts.verifying && more
  return { ...facts, trouble: null, verifyTrouble: null, verifying, verifyAt: soon, pullAt: soon }
}

function afterSync(before: Facts, push: { pushed: boolean; pushError: ErrorData | null }, at: At): Facts {
  const facts = afterMarks(before, at)
  if (push.pushError !== null) {
    const { trouble, at: pushAt } = troubled(
      facts.pushTrouble,
      { error: push.pushError, retryAfterMs: 0 },
      at,
    )
    return { ...facts, pushTrouble: trouble, pushAt }
  }
  if (facts.store.outbox === 0) return { ...facts, pushTrouble: null, pushAt: NEVER }
  if (push.pushed) return { ...facts, pushTrouble: null, pushAt: spaced(facts, at.now + facts.store.dueMs) }
  return facts.pushAt === NEVER ? { ...facts, pushAt: at.now + facts.store.dueMs } : facts
}

/** A push that the server took without acknowledging anything: repeating it at once would not end. */
function unmoved(before: StoreFacts, after: StoreFacts): ErrorData | null {
  if (after.outbox === 0 || after.acknowledged > before.acknowledged) return null
  return { code: 'response_invalid', message: 'response_invalid: nothing was acknowledged', details: {} }
}

function failureOf(error: ErrorData): Failure {
  const asked = error.details['retryAfterMs']
  return { error, retryAfterMs: typeof asked === 'number' && asked > 0 ? asked : 0 }
}
