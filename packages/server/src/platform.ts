/** Time and chance of the process the server runs in. */
import type { Clock, Randomness } from '@landfall/protocol'
import { randomUUID } from 'node:crypto'

export const systemClock: Clock = {
  now: () => Date.now(),
  after(ms, then) {
    const timer = setTimeout(then, ms)
    return () => clearTimeout(timer)
  },
}

export const systemRandomness: Randomness = {
  number: () => Math.random(),
  uuid: () => randomUUID(),
}
