/**
 * Seeded randomness: the same seed gives the same world.
 *
 * mulberry32 (Tommy Ettinger, public domain): 32 bits of state, passes gjrand; far from cryptographic, which a
 * simulation does not need. `fork` gives each actor a stream of its own, so that one actor's extra draw does not
 * shift the others'.
 */
import type { Randomness } from '@landfall/protocol'

/** Chance that is the same each time. */
export type SeededRandom = Randomness & {
  /** A stream of its own, from the seed and the name; drawing from it does not shift this one. */
  fork(name: string): SeededRandom
  /** A whole number in [0, limit). */
  below(limit: number): number
}

/** Randomness from a seed, of which the lowest 32 bits count. Not for secrets. */
export function createRandom(seed: number): SeededRandom {
  let state = seed >>> 0
  const number = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const hex = (digits: number): string =>
    Array.from({ length: digits }, () => Math.floor(number() * 16).toString(16)).join('')
  return {
    number,
    below: (limit) => Math.floor(number() * limit),
    uuid: () => `${hex(8)}-${hex(4)}-4${hex(3)}-8${hex(3)}-${hex(12)}`,
    fork: (name) => createRandom(hashName(name, seed)),
  }
}

function hashName(name: string, seed: number): number {
  let hash = seed ^ 0x811c9dc5
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193)
  return hash >>> 0
}
