/**
 * Notices when the database's files are gone (P12).
 *
 * When a browser clears site data under an open page, the file handles keep working: SQLite commits into deleted files and
 * reports no error. So the guard looks the files up beside each commit, at most once per `TRUST_MS` (a look-up costs as
 * much as a flush), and from time to time while nobody writes. Once the files are gone, no write is acknowledged.
 */
import { type Clock, LandfallError } from '@landfall/protocol'
import type { DatabaseFiles } from './ports.ts'

const TRUST_MS = 250
const PATROL_MS = 20_000

export type FilesGuard = {
  /** Resolves when the files were there a moment ago; rejects with `storage_lost`. */
  present(): Promise<void>
  /** Looks now: after SQLite met an error of storage, which deleted files may be behind. */
  recheck(): Promise<void>
  close(): void
}

export type FilesGuardOptions = { files: DatabaseFiles; clock: Clock; lost: (error: LandfallError) => void }

export function createFilesGuard({ files, clock, lost }: FilesGuardOptions): FilesGuard {
  let checkedAt = clock.now()
  let checking: Promise<void> | null = null
  let gone: LandfallError | null = null
  let cancel: () => void = () => {}

  async function look(): Promise<void> {
    const there = await files.exist()
    checking = null
    checkedAt = clock.now()
    if (there) return
    gone = new LandfallError('storage_lost')
    lost(gone)
    throw gone
  }

  function recheck(): Promise<void> {
    if (gone !== null) return Promise.reject(gone)
    checking ??= look()
    return checking
  }

  function present(): Promise<void> {
    const age = clock.now() - checkedAt
    return gone === null && age >= 0 && age < TRUST_MS ? Promise.resolve() : recheck()
  }

  function patrol(): void {
    present().then(schedule, () => {})
  }

  function schedule(): void {
    cancel = clock.after(PATROL_MS, patrol)
  }

  if (files.kind !== 'opfs') return { present: async () => {}, recheck: async () => {}, close: () => {} }
  schedule()
  return { present, recheck, close: () => cancel() }
}
