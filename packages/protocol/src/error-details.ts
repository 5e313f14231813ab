/**
 * What the details of each code say, as JSON. A field that only some places know is optional; `cause` is what somebody
 * else said (the browser, SQLite, Postgres), `reason` is ours, `cure` is what to do. No field holds a user's value.
 */
import type { ErrorCode } from './error-catalogue.ts'

type None = { reason?: string }
type Cause = { cause?: string; reason?: string; what?: string }
/** Where in the user's data: the key as text, in key order. */
type Place = { table?: string; key?: readonly (string | null)[]; column?: string }
/** What Postgres refused. */
type Refused = Place & { constraint?: string; sqlstate?: string; reason?: string }
type Sqlite = { sqlite?: { code: number; message: string }; sql?: string; reason?: string }
type Wait = { retryAfterMs?: number }
export type Problem = {
  problem: string
  cure: string
  schema?: string
  table?: string
  column?: string
  scope?: string
}
type Problems = { problems: readonly Problem[] }
/** A limit that was passed: of what, and how much. */
type Limit = {
  what?: string
  limit?: unknown
  rows?: number
  bytes?: number
  limits?: unknown
  status?: number
  table?: string
}

/** The fields that each code's details may have; docs/errors.md explains them, code by code. @internal */
export type DetailsByCode = {
  bad_request: Place & { what: string; text?: string; scheme?: string; cure?: string; reason?: string }
  schema_invalid: Problems
  database_invalid: Problems
  options_invalid: Problems
  /** `name` asked for the bookkeeping schema `schema`, which is `owner`'s. */
  bookkeeping_taken: { schema: string; name: string; owner: string; cure: string }
  schema_mismatch: { server?: string; table?: string; column?: string; reason?: string }
  protocol_mismatch: { server: number; client: string | null }
  sql_error: Sqlite
  sql_forbidden: Sqlite
  value_invalid: Place & {
    type?: string
    reason?: string
    parameter?: number
    sqlstate?: string
    constraint?: string
  }
  /** `parameter` counts from 1. */
  argument_invalid: { call?: string; parameter?: number; found?: string; cause?: string; cure: string }
  name_invalid: { bytes: number; limit: number }
  constraint_failed: Sqlite
  readonly_column: Refused
  readonly_table: Refused
  too_large: Limit & Sqlite & Wait
  not_found: { id?: string | number }
  package_missing: { package: string; cure: string }
  not_available: { call?: string; file?: string }
  unauthenticated: { reason?: string; status?: number } & Wait
  forbidden: Refused & { scope?: string }
  scope_not_held: { scope?: string; table?: string }
  client_taken: { client?: string }
  rate_limited: Wait & { status?: number }
  unique_violation: Refused
  foreign_key_violation: Refused
  check_violation: Refused
  not_null_violation: Refused
  row_missing: Refused
  not_taken: Refused
  database_failed: Refused
  took_too_long: Refused
  waits_for_earlier: None
  postgres_refused: Refused
  storage_unavailable: Cause & Sqlite & { missing?: readonly string[]; journalMode?: unknown }
  storage_newer: { format?: unknown }
  insecure_origin: { origin: string }
  storage_busy: Sqlite & { directory?: string }
  storage_full: Sqlite
  storage_lost: Sqlite
  storage_corrupt: Sqlite & { found?: string }
  offline: Cause & { timeout?: boolean }
  token_failed: { cause: string }
  /** `contentType` and `status` are those of the answer. */
  not_a_sync_server: { url: string; status: number; contentType: string | null } & Wait
  response_invalid: Cause & { table?: string; status?: number }
  history_lost: { reason?: string; limit?: number }
  server_busy: Cause & Wait & { sqlstate?: string; status?: number }
  server_error: { id?: string; status?: number } & Wait
  server_misconfigured: { id?: string } & Wait
  table_uncaptured: { table: string; problem: string }
  authenticate_failed: { id?: string } & Wait
  database_unreachable: { cause: string; sqlstate?: string }
  holder_unnamed: { scope: string }
  scope_key_invalid: { scope: string; key: string }
  database_in_use: None
  database_closed: None
  sync_paused: None
  wrong_platform: None
  worker_failed: Cause
  transaction_closed: None
  transaction_timeout: None
  user_changed: { stored?: string; signedIn?: string }
  internal: Cause & { unknownCode?: string; unknownMessage?: string }
}

/** Details as data: fields by name, as JSON. */
export type ErrorDetails = { [name: string]: unknown }

/** The details of a code; any further field is unknown. */
export type DetailsOf<Code extends ErrorCode> = DetailsByCode[Code] & ErrorDetails

/** Whether the details may be left out. @internal */
export type DetailsArgument<Code extends ErrorCode> =
  Record<never, never> extends DetailsByCode[Code]
    ? [details?: DetailsByCode[Code]]
    : [details: DetailsByCode[Code]]
