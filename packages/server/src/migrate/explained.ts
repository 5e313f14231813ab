/** What Postgres refuses while Landfall changes the schema, as an error that says the cure. */
import { LandfallError } from '@landfall/protocol'
import { PostgresError } from '../database/database.ts'

export function explained(error: unknown): unknown {
  if (!(error instanceof PostgresError)) return error
  const because = { problem: error.message, table: error.table ?? '' }
  if (error.sqlstate === '42501') {
    const cure =
      'Migrate as a role that owns the tables and may create in the bookkeeping schema, or have a superuser make that schema: CREATE SCHEMA ... AUTHORIZATION ...'
    return new LandfallError('database_invalid', { problems: [{ ...because, cure }] })
  }
  if (error.sqlstate === '2BP01') {
    const cure = `Drop what depends on it first: ${error.detail ?? ''}`
    return new LandfallError('database_invalid', { problems: [{ ...because, cure }] })
  }
  if (error.sqlstate === '55P03') {
    return new LandfallError('server_busy', {
      reason: 'lock',
      cause: 'A long transaction holds a synced table.',
    })
  }
  return error
}
