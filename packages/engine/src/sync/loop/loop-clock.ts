/**
 * The loop's time and its one timer, over a clock that people may set.
 *
 * Deadlines are absolute. If somebody sets the device's clock back by a year, a deadline would lie a year ahead, and a write
 * that keeps its distance from the last sync would wait that long. So the loop's time never runs back: when the clock is
 * behind the latest time that was read, or behind a timer that has fired, the loop adds the difference from then on.
 */
import type { Clock } from '@landfall/protocol'

export type LoopClock = {
  now(): number
  /** Replaces the timer; a deadline that is not finite means none. */
  arm(deadline: number, fire: () => void): void
}

/** Timers of more than 2^31 ms fire at once in browsers. */
const LONGEST_MS = 24 * 3_600_000

export function createLoopClock(clock: Clock): LoopClock {
  let ahead = 0
  let latest = Number.NEGATIVE_INFINITY
  let armedFor: number | null = null
  let cancel: () => void = () => {}
  const now = (): number => {
    ahead += Math.max(0, latest - (clock.now() + ahead))
    latest = clock.now() + ahead
    return latest
  }
  return {
    now,
    arm(deadline, fire) {
      if (deadline === armedFor) return
      cancel()
      armedFor = Number.isFinite(deadline) ? deadline : null
      if (armedFor === null) return
      const wait = Math.min(Math.max(0, deadline - now()), LONGEST_MS)
      const due = now() + wait
      cancel = clock.after(wait, () => {
        ahead += Math.max(0, due - now())
        armedFor = null
        fire()
      })
    },
  }
}
