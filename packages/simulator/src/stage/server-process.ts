/**
 * One process of the sync server: the real Hono app with a clock of its own, that can die at any moment and come back.
 *
 * Death takes its timers, its streams and whatever it was doing; a caller that waits for it hears that the connection
 * was reset. What it had committed stays.
 */
import type { Clock, Randomness } from '@landfall/protocol'
import { createSyncServer, type Database, type SyncServer, type SyncServerOptions } from '@landfall/server'
import type { OwnClock } from '@landfall/testkit'
import { ownClock } from '@landfall/testkit/internal'

export type ServerProcess = {
  readonly name: string
  readonly alive: boolean
  handle(request: Request): Promise<Response>
  server(): SyncServer
  die(): void
  /** A new process takes its place, perhaps of another version. */
  start(options?: Partial<SyncServerOptions>): void
  close(): Promise<void>
}

export type ProcessParts = {
  name: string
  clock: Clock
  randomness: Randomness
  options: Omit<SyncServerOptions, 'database' | 'clock' | 'randomness' | 'authenticate'>
  /** The database as this process reaches it; asked for anew at each start. */
  database(alive: () => boolean): Database
  authenticate(request: Request): { userId: string } | null
  failed(error: unknown): void
}

export function createServerProcess(parts: ProcessParts): ServerProcess {
  return new Process(parts)
}

type Life = { server: SyncServer; clock: OwnClock; ended: Promise<never>; end: () => void; alive: boolean }

class Process implements ServerProcess {
  readonly name: string
  readonly #parts: ProcessParts
  #options: ProcessParts['options']
  #life: Life

  constructor(parts: ProcessParts) {
    this.#parts = parts
    this.name = parts.name
    this.#options = parts.options
    this.#life = this.#begin()
  }

  get alive(): boolean {
    return this.#life.alive
  }

  server(): SyncServer {
    return this.#life.server
  }

  handle(request: Request): Promise<Response> {
    const life = this.#life
    if (!life.alive) return Promise.reject(new TypeError('connection refused'))
    return Promise.race([Promise.resolve(life.server.app.fetch(request)), life.ended])
  }

  die(): void {
    const life = this.#life
    if (!life.alive) return
    life.alive = false
    life.clock.stop()
    life.end()
    void life.server.close()
  }

  start(options: Partial<SyncServerOptions> = {}): void {
    this.die()
    this.#options = { ...this.#options, ...options }
    this.#life = this.#begin()
  }

  async close(): Promise<void> {
    this.die()
    await this.#life.server.close()
  }

  #begin(): Life {
    const { clock, randomness, authenticate, failed, database } = this.#parts
    let end = (): void => {}
    const ended = new Promise<never>((_, reject) => {
      end = () => reject(new TypeError('connection reset'))
    })
    ended.catch(() => {}) // nobody may be waiting
    const own = ownClock(clock)
    const life: Life = { clock: own, ended, end, alive: true, server: undefined as never }
    life.server = createSyncServer({
      ...this.#options,
      database: database(() => life.alive),
      clock: own,
      randomness,
      authenticate,
      onError: failed,
    })
    return life
  }
}
