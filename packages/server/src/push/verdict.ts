/**
 * Which failures are a changeset's own fault, and what its author is told (P8.3, P8.8).
 *
 * Constraints, rights and values are; and what the app's triggers raise for people. Everything else that Postgres answers
 * (time-outs, deadlocks, internal errors, functions of the host that are broken; any SQLSTATE can come from a trigger)
 * says nothing against the changeset: it is put off, so that it does not stand in the way of the others. Postgres' own
 * words are left out, since they quote rows and values (P4); only what the app's triggers raise is passed on.
 */
import { type ErrorCode, type ErrorData, encodeError, LandfallError, type Manifest } from '@landfall/protocol'
import { PostgresError } from '../database/database.ts'

const CODES: { [sqlstate: string]: ErrorCode } = {
  '23502': 'not_null_violation',
  '23503': 'foreign_key_violation',
  '23505': 'unique_violation',
  '23514': 'check_violation',
  '44000': 'check_violation',
  '42501': 'forbidden',
  '428C9': 'readonly_column',
}

const RAISED_BY_APP = 'P0001'

/** Values, constraints, rights, sizes. */
const OF_THE_CHANGESET = /^(22|23|44|54)/

/** null: not the changeset's fault. */
export function verdictOf(error: unknown, manifest: Manifest): ErrorData | null {
  if (error instanceof PostgresError) return postgresVerdict(error, manifest)
  if (!(error instanceof LandfallError)) return null
  return ['input', 'access', 'conflict'].includes(error.category) ? encodeError(error) : null
}

function postgresVerdict(error: PostgresError, manifest: Manifest): ErrorData | null {
  const { sqlstate, constraint, column } = error
  const isOwn = sqlstate in CODES || sqlstate === RAISED_BY_APP || OF_THE_CHANGESET.test(sqlstate)
  if (!isOwn) return null
  const synced = manifest.tables.find(({ name, schema }) => name === error.table && schema === error.schema)
  const code = CODES[sqlstate] ?? (sqlstate.startsWith('22') ? 'value_invalid' : 'postgres_refused')
  return encodeError(
    new LandfallError(code, {
      ...(synced ? { table: synced.name } : {}),
      ...(column !== null && synced?.columns.some(({ name }) => name === column) ? { column } : {}),
      ...(constraint !== null ? { constraint } : {}),
      ...(sqlstate === RAISED_BY_APP ? { reason: error.message.replace(/ \(P0001\)$/, '') } : {}),
      sqlstate,
    }),
  )
}

/** query_canceled, lock_not_available */
const OUT_OF_TIME: ReadonlySet<string> = new Set(['57014', '55P03'])

/** What Postgres answered through no fault of the changeset; null: it is not Postgres that failed. */
export function faultOf(error: unknown, manifest: Manifest): ErrorData | null {
  if (!(error instanceof PostgresError)) return null
  const { sqlstate } = error
  const synced = manifest.tables.find(({ name, schema }) => name === error.table && schema === error.schema)
  const details = { ...(synced ? { table: synced.name } : {}), sqlstate }
  return encodeError(
    new LandfallError(OUT_OF_TIME.has(sqlstate) ? 'took_too_long' : 'database_failed', details),
  )
}

/** Whether the same transaction may go through when it is tried again at once. */
export function isCollision(error: unknown): boolean {
  return error instanceof PostgresError && (error.sqlstate === '40P01' || error.sqlstate === '40001')
}

/** The push starts over, as after a deadlock. */
export function collision(message: string): PostgresError {
  const fields = { constraint: null, schema: null, table: null, column: null, detail: null }
  return new PostgresError({ sqlstate: '40001', message, ...fields })
}
