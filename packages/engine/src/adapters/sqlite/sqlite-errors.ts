/**
 * SQLite's result codes as coded errors, with the original in `details.sqlite`.
 *
 * A browser's quota shows as a failed write or flush (IOERR), never as FULL; a failed read means that the files are
 * gone. Both file systems report the plain IOERR for either, so a plain one counts as "no room": reads of a healthy
 * file do not fail, and the state of the files is checked elsewhere.
 */
import { LandfallError, type ErrorCode } from '@landfall/protocol'

const TEXT_SHOWN = 300

/** By primary result code. */
const CODES = new Map<number, ErrorCode>([
  [5, 'storage_busy'], // BUSY
  [6, 'storage_busy'], // LOCKED
  [8, 'storage_lost'], // READONLY
  [10, 'storage_full'], // IOERR
  [11, 'storage_corrupt'], // CORRUPT
  [13, 'storage_full'], // FULL
  [14, 'storage_unavailable'], // CANTOPEN
  [18, 'too_large'], // TOOBIG
  [19, 'constraint_failed'], // CONSTRAINT
  [23, 'sql_forbidden'], // AUTH
  [26, 'storage_corrupt'], // NOTADB
])

/** By extended result code, where it says more. */
const EXTENDED = new Map<number, ErrorCode>([
  [266, 'storage_lost'], // IOERR_READ
  [522, 'storage_lost'], // IOERR_SHORT_READ
])

export type SqliteFailure = { code: number; message: string; sql: string }

export function sqliteError(failure: SqliteFailure): LandfallError {
  const code = EXTENDED.get(failure.code) ?? CODES.get(failure.code & 0xff) ?? 'sql_error'
  return new LandfallError(code, {
    sqlite: { code: failure.code, message: failure.message },
    sql: failure.sql.slice(0, TEXT_SHOWN),
  })
}
