/**
 * Errors as data, and in their thrown form.
 *
 * An error is a static code, its category, whether trying again can help, and details. HTTP and Comlink carry
 * `ErrorData` whole; `LandfallError` is only its thrown form on one side.
 */
import { CATALOGUE, type ErrorCategory, type ErrorCode, isErrorCode } from './error-catalogue.ts'
import type { DetailsArgument, DetailsOf, ErrorDetails } from './error-details.ts'

/** An error as data, as HTTP and the worker's port carry it. */
export type ErrorData = {
  /** The cause: a name of the closed catalogue. */
  code: ErrorCode
  /** The code, what happened, what to do, and the details: for logs and developers. */
  message: string
  /** What the code's section in docs/errors.md lists; no user's value. */
  details: ErrorDetails
}

/**
 * The thrown form of `ErrorData`: every promise of Landfall's that rejects, rejects with one. `code` says the cause, and
 * `details` what the code's section in docs/errors.md lists; ask `hasCode(error, code)` to have them typed.
 */
export class LandfallError<Code extends ErrorCode = ErrorCode> extends Error {
  /** The cause: a name of the closed catalogue, a section of docs/errors.md. */
  readonly code: Code
  /** What is known of this one, such as table and key; typed once `hasCode` has asked for the code. */
  readonly details: DetailsOf<Code>

  constructor(code: Code, ...[details]: DetailsArgument<Code>) {
    const known = (details ?? {}) as DetailsOf<Code> // left out only where no field is needed
    super(`${code}: ${CATALOGUE[code].message}${summary(known)}`)
    this.name = 'LandfallError'
    this.code = code
    this.details = known
  }

  /** Whose it is: the app's input or access, a conflict, the device's storage, the network's, the server's. */
  get category(): ErrorCategory {
    return CATALOGUE[this.code].category
  }

  /** Whether the same call may succeed later. */
  get retryable(): boolean {
    return CATALOGUE[this.code].retryable
  }
}

/** Whether the error is one of Landfall's with this code; its details are typed then. */
export function hasCode<Code extends ErrorCode>(error: unknown, code: Code): error is LandfallError<Code> {
  return error instanceof LandfallError && error.code === code
}

/** Any thrown value as data that JSON and structured clone carry whole. */
export function encodeError(error: unknown): ErrorData {
  if (error instanceof LandfallError)
    return { code: error.code, message: error.message, details: plainDetails(error.details) }
  const cause = error instanceof Error ? error.message : String(error)
  return { code: 'internal', message: `internal: ${CATALOGUE.internal.message} ${cause}`, details: { cause } }
}

/** The thrown form of data from the other side, which may be newer and know codes that this side does not. */
export function decodeError(data: ErrorData): LandfallError {
  const details = { ...data.details }
  if (isErrorCode(data.code)) return withDetails(data.code, details)
  return withDetails('internal', { ...details, unknownCode: data.code, unknownMessage: data.message })
}

/** The same error with more details; what it says itself stays. */
export function addDetails(error: LandfallError, details: ErrorDetails): LandfallError {
  return withDetails(error.code, { ...details, ...error.details })
}

/** The details come as data: their fields are what the other side has written. */
function withDetails(code: ErrorCode, details: ErrorDetails): LandfallError {
  return new LandfallError(code, ...([details] as unknown as DetailsArgument<ErrorCode>))
}

function summary(details: ErrorDetails): string {
  const text = Object.keys(details).length === 0 ? '' : ` ${JSON.stringify(plainDetails(details))}`
  return text.length > 600 ? `${text.slice(0, 600)}...` : text
}

/** Details as JSON would bring them over: bigint as text, errors as their message, functions left out. */
function plainDetails(details: ErrorDetails): ErrorDetails {
  try {
    return JSON.parse(JSON.stringify(details, plainValue)) as ErrorDetails
  } catch {
    return { unreadable: 'the details could not be written as JSON' }
  }
}

function plainValue(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}`
  return value instanceof Error ? value.message : value
}
