/** What the server takes from outside besides Postgres: time, timers and chance. The real ones: `adapters/node.ts`. */

export type Clock = {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls back once after the time; the answer cancels it. */
  after(ms: number, then: () => void): () => void
}

export type Randomness = {
  /** In [0, 1). */
  unit(): number
  uuid(): string
}
