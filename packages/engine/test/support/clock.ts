/** Virtual time: moves only when the test says so. */
import type { Clock } from '@landfall/protocol'

export type VirtualClock = Clock & { advance(ms: number): void; set(now: number): void; timers(): number }

export function createVirtualClock(start = 1_700_000_000_000): VirtualClock {
  let now = start
  let passed = 0
  const timers = new Map<object, { due: number; run: () => void }>()
  return {
    now: () => now,
    after(ms, run) {
      const id = {}
      timers.set(id, { due: passed + ms, run })
      return () => void timers.delete(id)
    },
    advance(ms) {
      const end = passed + ms
      for (;;) {
        const [next] = [...timers].filter(([, { due }]) => due <= end).toSorted((a, b) => a[1].due - b[1].due)
        if (next === undefined) break
        const [id, { due, run }] = next
        timers.delete(id)
        now += due - passed
        passed = due
        run()
      }
      now += end - passed
      passed = end
    },
    set(next) {
      now = next // as when somebody sets the device's clock: timers run on
    },
    timers: () => timers.size,
  }
}
