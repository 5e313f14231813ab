/**
 * Errors as HTTP answers: `{ error: ErrorData }` with the status that fits the code (P12).
 *
 * What a caller may know is in the catalogue. Anything else, also a refusal of Postgres that no handler has made sense
 * of, goes to the server's log under an id, and the caller gets the id.
 */
import {
  encodeError,
  type ErrorCode,
  type ErrorData,
  LandfallError,
  type Randomness,
} from '@landfall/protocol'
import { PostgresError } from '../database/database.ts'

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
}

export type ErrorLog = (error: unknown, id: string) => void

export type ErrorEncoder = (error: unknown) => ErrorData

export function createErrorEncoder(randomness: Randomness, log: ErrorLog): ErrorEncoder {
  return (error) => {
    if (error instanceof LandfallError) return encodeError(error)
    if (error instanceof PostgresError && isPassing(error.sqlstate)) {
      return encodeError(new LandfallError('server_busy', { reason: 'postgres', sqlstate: error.sqlstate }))
    }
    const id = randomness.uuid()
    log(error, id)
    return encodeError(new LandfallError('server_error', { id }))
  }
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
  return code === 'server_busy' ? 1 : null
}
