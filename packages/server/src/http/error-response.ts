/**
 * Errors as HTTP answers: `{ error: ErrorData }` with the status that fits the code (P12).
 *
 * What a caller may know is in the catalogue. Anything else, also a refusal of Postgres that no handler has made sense
 * of, goes to the server's log under an id, and the caller gets the id. What every request meets (Postgres cannot be
 * reached, a table is missing) is logged once a minute, with its cure, and keeps its id meanwhile.
 */
import { encodeError, type ErrorCode, type ErrorData, LandfallError, hasCode } from '@landfall/protocol'
import type { ServerContext } from '../context.ts'
import { PostgresError } from '../database/database.ts'
import { ServerFault } from '../health/faults.ts'
import { AuthenticateError } from './gate.ts'

const STATUS: { [Code in ErrorCode]?: number } = {
  schema_mismatch: 409,
  protocol_mismatch: 409,
  too_large: 413,
  not_found: 404,
  not_available: 501,
  unauthenticated: 401,
  forbidden: 403,
  scope_not_held: 403,
  client_taken: 403,
  rate_limited: 429,
  history_lost: 410,
  server_busy: 503,
  server_error: 500,
  server_misconfigured: 503,
  authenticate_failed: 503,
  holder_unnamed: 500,
  scope_key_invalid: 500,
}

/** What the app's own server code gets wrong: callers are told, and so is the log. */
const MISTAKES: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['holder_unnamed', 'scope_key_invalid'])

/** Hears of a failure: what was thrown, and the id under which the caller can ask about it. */
export type ErrorLog = (error: unknown, id: string) => void

export type ErrorEncoder = (error: unknown) => ErrorData

type EncoderContext = Pick<ServerContext, 'clock' | 'randomness'>

export function createErrorEncoder({ clock, randomness }: EncoderContext, log: ErrorLog): ErrorEncoder {
  const logged = new Map<string, { id: string; at: number }>()

  function note(error: unknown): string {
    const id = randomness.uuid()
    log(error, id)
    return id
  }

  function noteOnce(error: Error): string {
    const before = logged.get(error.message)
    if (before !== undefined && clock.now() - before.at < LOG_AGAIN_MS) return before.id
    if (logged.size >= MOST_LOGGED) logged.clear()
    const id = note(error)
    logged.set(error.message, { id, at: clock.now() })
    return id
  }

  return (error) => {
    if (hasCode(error, 'database_unreachable')) {
      noteOnce(error)
      return encodeError(new LandfallError('server_busy', { reason: 'postgres' }))
    }
    if (error instanceof LandfallError) {
      if (MISTAKES.has(error.code)) noteOnce(error)
      return encodeError(error)
    }
    if (error instanceof AuthenticateError)
      return encodeError(new LandfallError('authenticate_failed', { id: note(error.cause) }))
    if (error instanceof PostgresError && isPassing(error.sqlstate)) {
      return encodeError(new LandfallError('server_busy', { reason: 'postgres', sqlstate: error.sqlstate }))
    }
    if (error instanceof ServerFault)
      return encodeError(new LandfallError('server_misconfigured', { id: noteOnce(error) }))
    if (error instanceof PostgresError && isMisconfigured(error.sqlstate))
      return encodeError(new LandfallError('server_misconfigured', { id: noteOnce(withCure(error)) }))
    const id = error instanceof PostgresError ? noteOnce(error) : note(error)
    return encodeError(new LandfallError('server_error', { id }))
  }
}

const LOG_AGAIN_MS = 60_000
/** Postgres' words may differ each time, by the names in them. */
const MOST_LOGGED = 1_000

/** A table, column, function or right that our statements, or the SQL of `holders`, need is not there. */
function isMisconfigured(sqlstate: string): boolean {
  return /^(42|3F)/.test(sqlstate)
}

function withCure(error: PostgresError): Error {
  const cure =
    error.sqlstate === '42501'
      ? 'Grant it to the role that the server connects as, or where a policy is named, give the role BYPASSRLS.'
      : 'Run migrateSync before the server starts, and after each migration; check the SQL of `holders`.'
  return new Error(
    `Postgres refuses what the sync server reads: ${error.message}. ${cure} server.health() names what is missing.`,
    { cause: error },
  )
}

/** Time-outs, deadlocks, lack of resources, shutdowns: the same request may succeed later. */
function isPassing(sqlstate: string): boolean {
  return /^(40|53|57|55P03)/.test(sqlstate)
}

export function errorResponse(data: ErrorData): Response {
  const headers = new Headers({ 'content-type': 'application/json' })
  const seconds = retryAfterSeconds(data)
  if (seconds !== null) headers.set('retry-after', `${seconds}`)
  if (data.code === 'unauthenticated') headers.set('www-authenticate', 'Bearer')
  return new Response(JSON.stringify({ error: data }), { status: STATUS[data.code] ?? 400, headers })
}

function retryAfterSeconds({ code, details }: ErrorData): number | null {
  const ms = details['retryAfterMs']
  if (typeof ms === 'number') return Math.max(1, Math.ceil(ms / 1000))
  return STATUS[code] === 503 ? 1 : null
}
