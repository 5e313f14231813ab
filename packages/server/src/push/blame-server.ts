/**
 * Whether it is the server's own fault that a run was refused, before that is booked on its user for good (P17.5, P17.6).
 *
 * A right that was revoked, a table that a migration has dropped or a policy that hides rows looks, statement by
 * statement, as if the user might not do it, or as if the row were gone. So the catalog is asked, once a push. A right
 * that Postgres itself misses (and no trigger claims to) is the server's whatever the list says: all users share its role.
 * The push then fails as a whole, nothing is rejected, and the device sends again.
 */
import { hasCode } from '@landfall/protocol'
import { PostgresError } from '../database/database.ts'
import { readFaults, ServerFault } from '../health/faults.ts'
import type { PushContext } from './push-context.ts'

/** Throws `ServerFault` when it is. The transaction must be usable. */
export async function blameServer(work: PushContext, error: unknown): Promise<void> {
  if (!isSuspect(error)) return
  work.faults ??= await readFaults(work.tx, work.context)
  if (work.faults.length > 0) throw new ServerFault(work.faults, error)
  if (error instanceof PostgresError && isDenied(error)) {
    const cure =
      'Grant it to the role that the server connects as: a trigger or function of the table needs it.'
    throw new ServerFault([{ problem: `${error.message}.`, cure }], error)
  }
}

function isSuspect(error: unknown): boolean {
  if (error instanceof PostgresError) return /^(42|3F)/.test(error.sqlstate)
  return hasCode(error, 'forbidden') || hasCode(error, 'row_missing')
}

function isDenied({ sqlstate, routine }: PostgresError): boolean {
  return sqlstate === '42501' && (routine?.startsWith('aclcheck_error') ?? false)
}
