/**
 * The closed catalogue of errors: a code a cause, with what happened and what to do about it.
 *
 * `CATALOGUE` is the one place where a code is made. `error-details.ts` says what its details hold, and
 * `docs/errors.md` has a section for each.
 */
/** Where to look: the caller's input, rights, Postgres' refusals, the device's storage, the network, the server. */
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
    'The database does not fit the sync schema. See details.problems for each problem and its cure.',
  ),
  options_invalid: entry(
    'input',
    false,
    'The server cannot work with these options. See details.problems for each problem and its cure.',
  ),
  bookkeeping_taken: entry(
    'input',
    false,
    'The bookkeeping schema belongs to another app. See details.cure; nothing was changed.',
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
  argument_invalid: entry(
    'input',
    false,
    'An argument is of a kind that this call does not take. See details.cure; nothing was run.',
  ),
  name_invalid: entry('input', false, 'The name of the local database is empty or too long. Choose another.'),
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
  package_missing: entry(
    'input',
    false,
    'A package that this call stands on is not installed. See details.cure; install the one that details.package names.',
  ),
  not_available: entry('input', false, 'This call is not built yet in this version of Landfall.'),
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
  not_taken: entry(
    'conflict',
    false,
    'The database left out the row without an error: a trigger of its own does that. Ask whoever keeps the database.',
  ),
  database_failed: entry(
    'conflict',
    true,
    'The database failed at the change, most often in a trigger of its own. It is tried again. See details.sqlstate.',
  ),
  took_too_long: entry(
    'conflict',
    true,
    'The change took the database longer than it is given. It is tried again; write less in one transaction.',
  ),
  waits_for_earlier: entry('conflict', true, 'The change waits for an earlier one that is put off.'),
  postgres_refused: entry('conflict', false, 'Postgres refused the change. See details.sqlstate.'),
  // storage
  storage_unavailable: entry(
    'storage',
    false,
    'This browser has no usable private file system (OPFS). Private windows often disable it.',
  ),
  storage_newer: entry(
    'storage',
    false,
    'A later version of Landfall wrote the local database. Reload the app to get that version; unsent changes are kept.',
  ),
  insecure_origin: entry(
    'storage',
    false,
    'Browsers give private files and locks to secure origins only. Serve the page over HTTPS, or from localhost.',
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
  token_failed: entry(
    'network',
    true,
    'The app’s getToken has thrown. It is asked again; return null when nobody is signed in.',
  ),
  not_a_sync_server: entry(
    'network',
    true,
    'What answered is no sync server. Check the url that openLandfall was given; a network that wants a sign-in also answers so.',
  ),
  response_invalid: entry('network', true, 'The response was cut short or damaged on the way.'),
  // server
  history_lost: entry(
    'server',
    true,
    'The server’s history is not the one this client knows (restored or pruned). The client loads its scopes again and keeps unsent changes.',
  ),
  server_busy: entry('server', true, 'The server cannot answer just now.'),
  server_error: entry('server', true, 'The server failed. Its log has the reason under details.id.'),
  server_misconfigured: entry(
    'server',
    true,
    'The server cannot read its tables. Its log has the reason and the cure under details.id; most often migrateSync has not been run.',
  ),
  table_uncaptured: entry(
    'server',
    true,
    'Changes of a synced table do not reach the change log any more. See details.problem; run migrateSync.',
  ),
  authenticate_failed: entry(
    'server',
    true,
    'The server’s authenticate has thrown, so it cannot tell who asks. Its log has the reason under details.id.',
  ),
  database_unreachable: entry(
    'server',
    true,
    'Postgres cannot be reached. See details.cause for what it said; check address, user, password and database.',
  ),
  holder_unnamed: entry(
    'server',
    true,
    'A holder of the server answers SQL whose tables are not named. Write `memberOf`, or `reads` beside the SQL, for the scope in details.scope.',
  ),
  scope_key_invalid: entry(
    'server',
    true,
    'The server’s holders name a key that is no value of its scope’s column. Let them answer keys of the column’s type.',
  ),
  // lifecycle of the local database
  database_in_use: entry(
    'lifecycle',
    true,
    'Another tab has this database open. This tab takes over when that one closes.',
  ),
  database_closed: entry('lifecycle', false, 'The database was closed.'),
  sync_paused: entry('lifecycle', false, 'Sync is paused. Call sync.resume() first.'),
  wrong_platform: entry(
    'lifecycle',
    false,
    'openLandfall of @landfall/client runs in a browser’s page. On a server use @landfall/client/node, or open after the page has loaded.',
  ),
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

/** The codes of all errors; docs/errors.md has a section for each. */
export type ErrorCode = keyof typeof CATALOGUE

export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(CATALOGUE, code)
}

/** Codes that a developer has to see: no user can mend what they name. */
const FOR_DEVELOPERS: ReadonlySet<ErrorCode> = new Set([
  'bad_request',
  'argument_invalid',
  'name_invalid',
  'schema_invalid',
  'options_invalid',
  'bookkeeping_taken',
  'schema_mismatch',
  'protocol_mismatch',
  'package_missing',
  'not_available',
  'storage_newer',
  'insecure_origin',
  'token_failed',
  'not_a_sync_server',
  'server_misconfigured',
  'authenticate_failed',
  'holder_unnamed',
  'scope_key_invalid',
  'worker_failed',
  'wrong_platform',
  'internal',
])

export function needsDeveloper(code: ErrorCode): boolean {
  return FOR_DEVELOPERS.has(code)
}

/** The docs page's section of a code. */
export function docsOf(code: ErrorCode): string {
  return `https://github.com/landfall-sync/landfall/blob/main/docs/errors.md#${code}`
}
