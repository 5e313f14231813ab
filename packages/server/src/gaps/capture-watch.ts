/**
 * When capture is checked, in one process: before a pull is answered and every few seconds while somebody listens, at
 * most once in `CHECK_MS`; and when somebody asks for the health.
 *
 * So the first request after the start of a server checks, a device that polls hears of a gap with its next pull, and a
 * server that nobody asks does nothing. A pull that finds the check due waits for it, those beside it do not; a check that
 * fails is the log's business, and no pull's. Each gap is told once by each process.
 */
import { LandfallError } from '@landfall/protocol'
import type { ServerContext } from '../context.ts'
import { PostgresError } from '../database/database.ts'
import { checkCaptures, type CheckedContext, type UncapturedTable } from './check-captures.ts'

export const CHECK_MS = 5_000

export type WatchedContext = CheckedContext & Pick<ServerContext, 'clock'>

export type GapLog = {
  /** Once a gap: an error of code `table_uncaptured`. */
  gap(error: LandfallError): void
  failed(error: unknown): void
}

export class CaptureWatch {
  readonly #context: WatchedContext
  readonly #log: GapLog
  readonly #told = new Set<string>()
  #nextAt = Number.NEGATIVE_INFINITY
  #open: readonly UncapturedTable[] = []
  #underWay: Promise<void> | null = null

  constructor(context: WatchedContext, log: GapLog) {
    this.#context = context
    this.#log = log
  }

  /** Checks if it is time. Never rejects. */
  async due(): Promise<void> {
    if (this.#context.clock.now() < this.#nextAt) return
    await this.#check().catch((error: unknown) => {
      if (!isUnmigrated(error)) this.#log.failed(error)
    })
  }

  /** The tables that are not captured, as the last check has found them. */
  async open(): Promise<readonly UncapturedTable[]> {
    await this.due()
    return this.#open
  }

  #check(): Promise<void> {
    this.#nextAt = this.#context.clock.now() + CHECK_MS
    this.#underWay ??= checkCaptures(this.#context)
      .then((tables) => {
        this.#open = tables
        this.#tell(tables)
      })
      .finally(() => {
        this.#underWay = null
      })
    return this.#underWay
  }

  #tell(tables: readonly UncapturedTable[]): void {
    const open = new Set(tables.map(({ table }) => table))
    for (const table of this.#told) if (!open.has(table)) this.#told.delete(table)
    for (const uncaptured of tables) {
      if (this.#told.has(uncaptured.table)) continue
      this.#told.add(uncaptured.table)
      this.#log.gap(new LandfallError('table_uncaptured', uncaptured))
    }
  }
}

/** No bookkeeping: whatever is asked for says so itself. */
function isUnmigrated(error: unknown): boolean {
  return error instanceof PostgresError && (error.sqlstate === '42P01' || error.sqlstate === '3F000')
}
