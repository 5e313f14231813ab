/** Time and chance of the process the server runs in. */
import { randomUUID } from 'node:crypto'
import type { Clock, Randomness } from '../ports.ts'

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, then) {
    const timer = setTimeout(then, ms)
    return () => clearTimeout(timer)
  },
}

export const systemRandomness: Randomness = {
  unit: () => Math.random(),
  uuid: () => randomUUID(),
}
