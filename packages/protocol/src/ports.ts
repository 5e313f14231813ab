/**
 * Time and chance as ports: neither side of the protocol reads a clock or draws a number itself.
 *
 * Both are handed in, so that the same engine and server run in a simulation that repeats exactly. The other edges
 * belong to one side each and are its own (`ports.ts` of the engine, `database.ts` of the server).
 */
/** Where time comes from: the machine's clock, or a simulated one. */
export type Clock = {
  /** Milliseconds since 1970, whole. */
  now(): number
  /** Calls back once after `ms`; the returned function cancels. */
  after(ms: number, run: () => void): () => void
}

/** Where chance comes from: the machine's, or a seed. */
export type Randomness = {
  /** In [0, 1). */
  number(): number
  /** A random UUID, version 4, in lower case. */
  uuid(): string
}
