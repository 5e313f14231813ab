/** A clock that stands still until it is told to move. */
import type { Clock } from '@landfall/protocol'

export type VirtualClock = Clock & { advance(ms: number): void; waiting(): number }

export function createVirtualClock(start = 1_700_000_000_000): VirtualClock {
  let now = start
  let timers: { at: number; act: () => void }[] = []
  return {
    now: () => now,
    after(ms, act) {
      const timer = { at: now + ms, act }
      timers.push(timer)
      return () => {
        timers = timers.filter((other) => other !== timer)
      }
    },
    waiting: () => timers.length,
    advance(ms) {
      const until = now + ms
      for (;;) {
        const due = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0]
        if (!due) break
        timers = timers.filter((other) => other !== due)
        now = due.at
        due.act()
      }
      now = until
    },
  }
}
