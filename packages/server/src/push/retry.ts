/**
 * Repeats a transaction that lost a deadlock or collided with another, a few times, after a random pause.
 *
 * The pause is drawn from a range that doubles, so that two that met once do not meet again in step.
 */
import type { ServerContext } from '../context.ts'
import { isCollision } from './verdict.ts'

const ATTEMPTS = 6
/** From here on nothing collides by chance any more: the work finds out through what, and goes on without it. */
const ISOLATED_ATTEMPT = 4
const FIRST_PAUSE_MS = 10

export async function retryCollisions<T>(
  context: Pick<ServerContext, 'clock' | 'randomness'>,
  work: (mayStartOver: boolean) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt < ISOLATED_ATTEMPT)
    } catch (error) {
      if (!isCollision(error) || attempt === ATTEMPTS) throw error
    }
    const pause = context.randomness.number() * FIRST_PAUSE_MS * 2 ** attempt
    await new Promise<void>((resolve) => context.clock.after(pause, resolve))
  }
}
