/**
 * Turns: transactions of several connections to a real Postgres overlap, and yet in an order that a seed decides.
 *
 * Each statement of a transaction, its BEGIN and its COMMIT waits for a turn. When nobody will ask for one any more
 * before something happens (a few turns of the event loop), chance picks who goes on, and the others wait until that
 * statement has its answer. One that waits for a lock is noticed as Postgres' isolation tester does it, by asking who
 * blocks whom; then another goes on, and after each turn it is asked anew who has got his lock. A statement counts as
 * waiting only after Postgres has looked for a deadlock: so who closes a circle is who loses it, not whose timer rings
 * first. What a seed does not decide is the order of two that are let go by the same commit.
 *
 * When all wait for a transaction that itself waits for virtual time (a prepared one), nothing is under way any more,
 * and time may move. What never gets its lock is ended by Postgres' `lock_timeout`.
 */
import { type Database, PostgresError } from '@landfall/server'
import type { SeededRandom } from '@landfall/testkit'
import { type Busy, whileCounted } from '@landfall/testkit/internal'

/** After so long Postgres looks for a deadlock. */
export const DEADLOCK_MS = 10
/** A statement that is not answered within that time may be waiting for a lock. */
const LOOK_MS = 4
const QUIET_TURNS = 4

export type TurnsOptions = {
  random: SeededRandom
  busy: Busy
  /** What a transaction does first: it makes `name` known to `blocked`. */
  prelude(name: string): string
  /** The names of the transactions that wait for a lock. */
  blocked(): Promise<ReadonlySet<string>>
  deadlocked(program: string): void
}

export type Turns = {
  /** The same database, with a turn for each statement. */
  of(program: string, database: Database): Database
  /** Does the work in one turn; to `blocked` it is known by the name. */
  take<T>(name: string, work: () => Promise<T>): Promise<T>
  /** Does the work between two turns, after so many. */
  interrupt(after: number, work: () => Promise<void>): void
  /** Who had each turn, and what for. */
  readonly log: readonly string[]
}

/** One statement that has its turn, until it has its answer. */
type Turn = { name: string; what: string; run(): void; ended: Promise<void>; end(): void }

export function createTurns(options: TurnsOptions): Turns {
  return new TurnKeeper(options)
}

class TurnKeeper implements Turns {
  readonly log: string[] = []
  readonly #options: TurnsOptions
  readonly #waiting: Turn[] = []
  /** Those that wait for a lock: they are not under way. */
  readonly #stuck = new Set<Turn>()
  readonly #transactions = new Map<string, number>()
  #interruption: { after: number; work: () => Promise<void> } | null = null
  #keeping = false

  constructor(options: TurnsOptions) {
    this.#options = options
  }

  of(program: string, database: Database): Database {
    return {
      kind: database.kind,
      transaction: (options, work) =>
        whileCounted(this.#options.busy, () =>
          this.#transaction(program, (run) => database.transaction(options, run), work),
        ),
      close: () => database.close(),
    }
  }

  take<T>(name: string, work: () => Promise<T>): Promise<T> {
    return whileCounted(this.#options.busy, () => this.#inTurn(name, name, work))
  }

  interrupt(after: number, work: () => Promise<void>): void {
    this.#interruption = { after, work }
  }

  async #transaction<T>(
    program: string,
    begin: (run: Parameters<Database['transaction']>[1]) => Promise<unknown>,
    work: Parameters<Database['transaction']>[1],
  ): Promise<T> {
    const nth = (this.#transactions.get(program) ?? 0) + 1
    this.#transactions.set(program, nth)
    const name = `${program} ${nth}`
    let end = await this.#enter(name, 'begin')
    try {
      return (await begin(async (tx) => {
        await tx.query(this.#options.prelude(name))
        end()
        let last = 'rollback'
        try {
          const result = await work({
            query: (sql, params) => this.#inTurn(name, sql, () => tx.query(sql, params)),
          })
          last = 'commit'
          return result
        } finally {
          end = await this.#enter(name, last)
        }
      })) as T
    } catch (error) {
      if (error instanceof PostgresError && error.sqlstate === '40P01') this.#options.deadlocked(program)
      throw error
    } finally {
      end()
    }
  }

  async #inTurn<T>(name: string, what: string, work: () => Promise<T>): Promise<T> {
    const end = await this.#enter(name, what)
    try {
      return await work()
    } finally {
      end()
    }
  }

  /** Answers when it is its turn; what is answered ends the turn. */
  #enter(name: string, what: string): Promise<() => void> {
    return new Promise((resolve) => {
      let end = (): void => {}
      const ended = new Promise<void>((done) => {
        end = done
      })
      this.#waiting.push({ name, what, run: () => resolve(end), ended, end })
      void this.#keep()
    })
  }

  async #keep(): Promise<void> {
    if (this.#keeping) return
    this.#keeping = true
    await whileCounted(this.#options.busy, async () => {
      for (let turn = await this.#next(); turn !== undefined; turn = await this.#next()) {
        this.log.push(`${turn.name}: ${turn.what.trim().slice(0, 60)}`)
        turn.run()
        await this.#carry(turn)
        await this.#interrupted()
        await this.#letGo()
      }
      this.#keeping = false
    })
  }

  async #next(): Promise<Turn | undefined> {
    // tidy: timer — a turn of the event loop
    for (let quiet = 0; quiet < QUIET_TURNS; quiet++) await new Promise((resolve) => setImmediate(resolve))
    // By name: which of two answers came first does not matter.
    this.#waiting.sort((a, b) => (a.name < b.name ? -1 : 1))
    const place = this.#options.random.below(Math.max(1, this.#waiting.length))
    return this.#waiting.splice(place, 1)[0]
  }

  /** Until the turn has ended, or waits for a lock. */
  async #carry(turn: Turn): Promise<void> {
    if (await endsWithin(turn, LOOK_MS)) return
    for (let looks = 0; looks < 2; ) {
      const blocked = await this.#options.blocked()
      looks = blocked.has(turn.name) ? looks + 1 : 0
      if (await endsWithin(turn, 2 * DEADLOCK_MS)) return
    }
    this.#stick(turn)
  }

  async #interrupted(): Promise<void> {
    const due = this.#interruption
    if (due === null || --due.after > 0) return
    this.#interruption = null
    this.log.push('interrupted')
    await due.work()
  }

  #stick(turn: Turn): void {
    this.log.push(`${turn.name}: waits for a lock`)
    this.#stuck.add(turn)
    this.#options.busy.end()
    void turn.ended.then(() => this.#unstick(turn))
  }

  #unstick(turn: Turn): void {
    if (this.#stuck.delete(turn)) this.#options.busy.begin()
  }

  /** Those that have got their locks by what was done last go on. */
  async #letGo(): Promise<void> {
    while (this.#stuck.size > 0) {
      const blocked = await this.#options.blocked()
      const free = [...this.#stuck].filter(({ name }) => !blocked.has(name))
      if (free.length === 0) return
      for (const turn of free) this.#unstick(turn)
      for (const turn of free) await this.#carry(turn)
    }
  }
}

async function endsWithin({ ended }: Turn, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    // tidy: timer — Postgres notices a deadlock in real time
    timer = setTimeout(() => resolve(false), ms)
  })
  const isOver = await Promise.race([ended.then(() => true), late])
  clearTimeout(timer)
  return isOver
}
