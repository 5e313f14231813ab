/** Opens the database an address names, real or embedded; the one place that knows both adapters. */
import { LandfallError } from '@landfall/protocol'
import { systemClock } from '../platform.ts'
import { openPglite, overPglite, type PgliteInstance } from './adapters/pglite.ts'
import { openPostgres } from './adapters/postgres.ts'
import { DEFAULT_TIMEOUTS, type Timeouts } from './adapters/settings.ts'
import type { Database } from './database.ts'

/** How to connect. */
export type DatabaseOptions = {
  /** Most connections to a real Postgres; 10 unless told. */
  connections?: number
  /** Whether statements are prepared; true unless told. False behind a transaction-pooling proxy that knows none. */
  prepare?: boolean
  /** Milliseconds; 30,000 for a statement, 10,000 for a lock, 60,000 for an idle transaction unless told. */
  timeouts?: Partial<Timeouts>
}

/**
 * Opens `postgres://...`, `pglite:DIRECTORY` or `pglite:memory`, or takes a PGlite that the app has made itself.
 *
 * PGlite is a package of its own, `@electric-sql/pglite`: without it such an address throws `package_missing`. A Postgres
 * is connected to when it is first used: an unreachable one throws `database_unreachable` then. Throws `bad_request` for
 * any other address.
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
