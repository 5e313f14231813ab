/**
 * Which failures are a changeset's own fault, and what its author is told.
 *
 * A failure of the machinery (lost connection, deadlock, no memory, shutdown) is nobody's fault: the push fails and is
 * sent again. Everything else that Postgres or a rule refuses is a verdict on the changeset, so that it does not
 * stand in the way of the others (P8). Postgres' own words are left out, since they quote rows and values (P4); only what
 * the app's triggers raise is passed on, being written for people.
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

/** Connection, transaction state, prepared statements, rollback, resources, locks, operator, system, internal. */
const MACHINERY = /^(08|25|26|2D|40|53|55P03|57|58|XX)/

/** null: not the changeset's fault. */
export function verdictOf(error: unknown, manifest: Manifest): ErrorData | null {
  if (error instanceof PostgresError) return postgresVerdict(error, manifest)
  if (!(error instanceof LandfallError)) return null
  return ['input', 'access', 'conflict'].includes(error.category) ? encodeError(error) : null
}

function postgresVerdict(error: PostgresError, manifest: Manifest): ErrorData | null {
  const { sqlstate, constraint, column } = error
  if (MACHINERY.test(sqlstate)) return null
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

/** Whether the same transaction may go through when it is tried again at once. */
export function isCollision(error: unknown): boolean {
  return error instanceof PostgresError && (error.sqlstate === '40P01' || error.sqlstate === '40001')
}

/** The push starts over, as after a deadlock. */
export function collision(message: string): PostgresError {
  const fields = { constraint: null, schema: null, table: null, column: null, detail: null }
  return new PostgresError({ sqlstate: '40001', message, ...fields })
}
