/**
 * Another program's transaction: Postgres statements with their values written in, to run in one transaction.
 *
 * It writes what devices may not, too: read-only tables and read-only columns. A statement may break a constraint
 * (SQLSTATE 23xxx); then the program rolls back, as programs do.
 */
import type { SeededRandom } from '@landfall/testkit'
import { toPostgres } from './statement.ts'
import { planPieces } from './transaction.ts'
import type { Workload } from './workload.ts'

export type ForeignStep = { statements: string[] }

export function planForeign(workload: Workload, random: SeededRandom): ForeignStep {
  return { statements: planPieces({ workload, dialect: 'postgres', random }).statements.map(toPostgres) }
}
