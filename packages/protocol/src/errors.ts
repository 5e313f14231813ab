/**
 * The closed catalogue of errors.
 *
 * An error is data: a static code, its category, whether trying again can help, and details. HTTP and Comlink
 * carry `ErrorData` whole; `LandfallError` is only its thrown form on one side. `CATALOGUE` is the one place
 * where a code is made; its text says what happened and what to do about it.
 */
export type ErrorCategory = 'input' | 'access' | 'conflict' | 'storage' | 'network' | 'server' | 'lifecycle'

type Entry = { category: ErrorCategory; retryable: boolean; message: string }

const entry = (category: ErrorCategory, retryable: boolean, message: string): Entry => ({
  category,
  retryable,
  message,
})

export const CATALOGUE = {
  // input: the caller's SQL, schema or message is wrong
  bad_request: entry(
    'input',
    false,
    'The message is not of the protocol’s form. Upgrade the side that sent it.',
  ),
  schema_invalid: entry(
    'input',
    false,
    'defineSync refused the schema. See details.problems for each problem and its cure.',
  ),
  database_invalid: entry(
    'input',
    false,
    'The live database does not fit the sync schema. See details.problems for each problem and its cure.',
  ),
  schema_mismatch: entry(
    'input',
    false,
    'Client and server were built with different sync schemas. Reload the app to get the current one; unsent changes are kept.',
  ),
  protocol_mismatch: entry(
    'input',
    false,
    'Client and server speak different protocol versions. Upgrade the older one; unsent changes are kept.',
  ),
  sql_error: entry('input', false, 'SQLite refused the statement. See details.sqlite.'),
  sql_forbidden: entry(
    'input',
    false,
    'This statement is not allowed here: transactions, pragmas, attached files, schema changes and Landfall’s own tables are the engine’s.',
  ),
  value_invalid: entry(
    'input',
    false,
    'A value does not fit its Postgres column. The local transaction was rolled back.',
  ),
  constraint_failed: entry('input', false, 'The local database refused the row. See details.sqlite.'),
  readonly_column: entry(
    'input',
    false,
    'The column is read-only for clients. The transaction was rolled back.',
  ),
  readonly_table: entry(
    'input',
    false,
    'The table is read-only for clients. The transaction was rolled back.',
  ),
  too_large: entry(
    'input',
    false,
    'The request or changeset exceeds a stated limit. Split it into smaller transactions.',
  ),
  not_found: entry('input', false, 'There is nothing with that id.'),
  not_available: entry('input', false, 'This call is not available in this version of Landfall.'),
  // access
  unauthenticated: entry(
    'access',
    true,
    'The token is missing, wrong or expired. Sign in again; unsent changes are kept.',
  ),
  forbidden: entry('access', false, 'You have no right to make this change.'),
  scope_not_held: entry('access', false, 'The user does not hold this scope (any more).'),
  client_taken: entry(
    'access',
    false,
    'This local database belongs to another user. Open a database of your own; its unsent changes stay with their user.',
  ),
  rate_limited: entry('access', true, 'Too many requests. Try again after details.retryAfterMs.'),
  // conflict: Postgres or a rule refused a changeset; it becomes a rejection
  unique_violation: entry('conflict', false, 'Another row already has this value.'),
  foreign_key_violation: entry(
    'conflict',
    false,
    'The row refers to one that does not exist, or is still referred to.',
  ),
  check_violation: entry('conflict', false, 'The row breaks a check constraint of the table.'),
  not_null_violation: entry('conflict', false, 'A column that needs a value has none.'),
  row_missing: entry('conflict', false, 'The row does not exist, or is not visible to you.'),
  postgres_refused: entry('conflict', false, 'Postgres refused the change. See details.sqlstate.'),
  // storage
  storage_unavailable: entry(
    'storage',
    false,
    'This browser has no usable private file system (OPFS). Private windows often disable it.',
  ),
  storage_busy: entry(
    'storage',
    true,
    'The database files are held by another worker that has not let go of them yet.',
  ),
  storage_full: entry(
    'storage',
    false,
    'The device refused to store more. Free some space; the transaction was rolled back.',
  ),
  storage_lost: entry(
    'storage',
    false,
    'The database files were deleted while open. Reload the page; nothing was acknowledged since.',
  ),
  storage_corrupt: entry('storage', false, 'The local database is damaged. Export what you can and wipe it.'),
  // network
  offline: entry('network', true, 'The server cannot be reached.'),
  response_invalid: entry('network', true, 'The response was cut short or damaged on the way.'),
  // server
  history_lost: entry(
    'server',
    true,
    'The server’s history is not the one this client knows (restored or pruned). The client loads its scopes again and keeps unsent changes.',
  ),
  server_busy: entry('server', true, 'The server cannot answer just now.'),
  server_error: entry('server', true, 'The server failed. Its log has the reason under details.id.'),
  // lifecycle of the local database
  database_in_use: entry(
    'lifecycle',
    true,
    'Another tab has this database open. This tab takes over when that one closes.',
  ),
  database_closed: entry('lifecycle', false, 'The database was closed.'),
  worker_failed: entry(
    'lifecycle',
    false,
    'The worker could not be loaded or has died. See details; check that worker.js and sqlite3.wasm are served.',
  ),
  transaction_closed: entry('lifecycle', false, 'The transaction has already ended.'),
  transaction_timeout: entry(
    'lifecycle',
    false,
    'The transaction was open without a statement for too long and was rolled back.',
  ),
  user_changed: entry(
    'lifecycle',
    false,
    'Another user signed in on this database. Sync is paused; unsent changes stay with their user.',
  ),
  internal: entry('lifecycle', false, 'A bug in Landfall. Please report it with details.'),
} as const satisfies Record<string, Entry>

export type ErrorCode = keyof typeof CATALOGUE

export type ErrorDetails = { [name: string]: unknown }

/** An error as data, as HTTP and the worker's port carry it. */
export type ErrorData = {
  code: ErrorCode
  message: string
  details: ErrorDetails
}

/** The thrown form of `ErrorData`. */
export class LandfallError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, details: ErrorDetails = {}) {
    super(`${code}: ${CATALOGUE[code].message}${summary(details)}`)
    this.name = 'LandfallError'
    this.code = code
    this.details = details
  }

  get category(): ErrorCategory {
    return CATALOGUE[this.code].category
  }

  get retryable(): boolean {
    return CATALOGUE[this.code].retryable
  }
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
  if (isErrorCode(data.code)) return new LandfallError(data.code, details)
  return new LandfallError('internal', { ...details, unknownCode: data.code, unknownMessage: data.message })
}

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(CATALOGUE, code)
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
