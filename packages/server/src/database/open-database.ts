/** Opens the database an address names, real or embedded; the one place that knows both adapters. */
import { LandfallError } from '@landfall/protocol'
import { systemClock } from '../platform.ts'
import { openPglite, overPglite, type PgliteInstance } from './adapters/pglite.ts'
import { openPostgres } from './adapters/postgres.ts'
import { DEFAULT_TIMEOUTS, type Timeouts } from './adapters/settings.ts'
import type { Database } from './database.ts'

export type DatabaseOptions = {
  /** Most connections to a real Postgres; 10 unless told. */
  connections?: number
  /** false behind a transaction-pooling proxy that does not know prepared statements. */
  prepare?: boolean
  /** Milliseconds for a statement, a lock and an idle transaction. */
  timeouts?: Partial<Timeouts>
}

/**
 * `postgres://...`, `pglite:DIRECTORY` or `pglite:memory`; or a PGlite that the app has made itself. PGlite is a package
 * of its own, `@electric-sql/pglite`: without it such an address is refused (`package_missing`).
 */
export async function openDatabase(
  address: string | PgliteInstance,
  options: DatabaseOptions = {},
): Promise<Database> {
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts }
  if (typeof address !== 'string') return overPglite(address, timeouts)
  if (/^postgres(ql)?:\/\//.test(address)) {
    const { connections = 10, prepare = true } = options
    return openPostgres({ url: address, connections, prepare, timeouts, clock: systemClock })
  }
  const [scheme, place] = splitScheme(address)
  if (scheme !== 'pglite' || place === '') {
    const cure = 'Give postgres://..., pglite:DIRECTORY or pglite:memory.'
    throw new LandfallError('bad_request', { what: 'database address', scheme, cure })
  }
  return openPglite(place === 'memory' ? null : place, timeouts)
}

function splitScheme(address: string): [string, string] {
  const colon = address.indexOf(':')
  return [address.slice(0, Math.max(0, colon)), address.slice(colon + 1)]
}
