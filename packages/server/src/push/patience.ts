/**
 * How long a run may take, and of how many changesets it may be, once Postgres has run out of time (P8.9).
 *
 * A run whose members are each fast may pass the time limit of a statement. Its halves get three quarters of its time
 * each: less than it had, and more than half, so that what is short enough lands. How many may be together is kept with the
 * client, so that its next push does not begin with the same mistake, and doubles with each push that keeps the time.
 */
import type { Changeset } from '@landfall/protocol'

const LESS = 3 / 4
/** Of the allowance of a push that one of its runs may take. */
const SHARE = 2
/** A changeset that is tried alone again and again is given no less than a tenth. */
const MOST_CUTS = 8

export type PatienceOptions = {
  /** The time limit of a statement, in milliseconds; 0: none. */
  statementMs: number
  /** After which a push is cut off. */
  pushMs: number
  /** How many changesets may be together; null: any number. */
  together: number | null
}

export class Patience {
  readonly #statementMs: number
  readonly #pushMs: number
  #together: number | null
  #cuts = 0

  constructor({ statementMs, pushMs, together }: PatienceOptions) {
    this.#statementMs = statementMs === 0 ? Number.POSITIVE_INFINITY : statementMs
    this.#pushMs = pushMs
    this.#together = together
  }

  /** Milliseconds for each statement of the run; 0: without end. */
  allowance(run: readonly Changeset[]): number {
    const [only] = run
    const cuts = run.length === 1 ? Math.min(only?.tries ?? 0, MOST_CUTS) : this.#cuts
    const most = run.length === 1 ? this.#statementMs : Math.min(this.#statementMs, SHARE * this.#pushMs)
    const ms = most * LESS ** cuts
    return Number.isFinite(ms) ? Math.max(1, Math.floor(ms)) : 0
  }

  /** Milliseconds for each wait for a lock: what waits longer is put off, so that it holds up nobody. */
  lockAllowance({ length }: readonly Changeset[]): number {
    return Math.max(1, Math.floor(this.#pushMs * LESS ** (length === 1 ? 0 : this.#cuts)))
  }

  ranOut(run: readonly Changeset[]): void {
    if (run.length < 2) return
    this.#cuts++
    this.#together = Math.ceil(run.length / 2)
  }

  /** The parts of the run that may be tried. */
  divide<Each>(run: Each[]): Each[][] {
    const most = this.#together
    return most === null || run.length <= most ? [run] : [run.slice(0, most), run.slice(most)]
  }

  /** To begin the next push with; `most`: changesets that a push may have at all. */
  next(most: number): number | null {
    if (this.#together === null || this.#cuts > 0) return this.#together
    return this.#together * 2 >= most ? null : this.#together * 2
  }
}
