/**
 * Virtual time: a clock that moves only when it is told to.
 *
 * Timers fire in order of their time, then of their making, so that a run depends on nothing but its seed. The clock
 * does not know who waits for real I/O; `World` moves it only when everything it watches is idle.
 */
import type { Clock } from '@landfall/protocol'

type Timer = { at: number; order: number; run: () => void }

/** A clock whose time stands still until it is moved. */
export type VirtualClock = Clock & {
  /** When the next timer is due; null when none waits. */
  nextDue(): number | null
  /** Moves to `ms` and fires the timers due by then that have not been cancelled, each at its own time. */
  moveTo(ms: number): void
}

/** A clock that stands at `startMs`, milliseconds since 1970, until `moveTo`. */
export function createVirtualClock(startMs: number): VirtualClock {
  let now = startMs
  let order = 0
  const timers = new Set<Timer>()
  const next = (): Timer | null => {
    let first: Timer | null = null
    for (const timer of timers) if (first === null || comesBefore(timer, first)) first = timer
    return first
  }
  return {
    now: () => Math.floor(now),
    after(ms, run) {
      const timer = { at: now + Math.max(0, ms), order: order++, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    nextDue: () => next()?.at ?? null,
    moveTo(ms) {
      for (let timer = next(); timer !== null && timer.at <= ms; timer = next()) {
        now = Math.max(now, timer.at)
        timers.delete(timer)
        timer.run()
      }
      now = Math.max(now, ms)
    },
  }
}

/** A clock of one actor's own: wrong if it is told to be, and its timers end with the actor. */
export type OwnClock = Clock & {
  /** Somebody sets it: from now on it is this much further ahead. */
  jump(ms: number): void
  /** It gains so many milliseconds in a second. */
  drift(msPerSecond: number): void
  /** Drops all timers; none starts any more. */
  stop(): void
}

/** Timers of a real machine do not follow its wall clock, so these do not either. */
export function ownClock(clock: Clock, skewMs = 0): OwnClock {
  let ahead = skewMs
  let gain = 0
  let since = clock.now()
  let stopped = false
  const cancels = new Set<() => void>()
  const gained = (): number => ahead + (gain * (clock.now() - since)) / 1_000
  return {
    now: () => Math.floor(clock.now() + gained()),
    after(ms, run) {
      if (stopped) return () => {}
      const cancelTimer = clock.after(ms, () => {
        cancels.delete(cancel)
        run()
      })
      const cancel = (): void => {
        cancels.delete(cancel)
        cancelTimer()
      }
      cancels.add(cancel)
      return cancel
    },
    jump: (ms) => void (ahead += ms),
    drift(msPerSecond) {
      ahead = gained()
      since = clock.now()
      gain = msPerSecond
    },
    stop() {
      stopped = true
      for (const cancel of cancels) cancel()
    },
  }
}

function comesBefore(a: Timer, b: Timer): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order)
}
