/** The record of one run: the story line by line, faults counted, violations; and the digest that two runs compare. */
import type { Clock } from '@landfall/protocol'
import type { Fault } from './faults.ts'
import type { Line, Outcome, Violation } from './outcome.ts'

/** A run that breaks a promise breaks it again at every step; the first few tell all. */
const MOST_VIOLATIONS = 20

export type Trace = {
  tell(who: string, what: string, state?: string): void
  struck(fault: Fault, who?: string): void
  violated(promise: string, who: string, what: string): void
  readonly violations: readonly Violation[]
  outcome(seed: number, steps: number): Outcome
}

export function createTrace(clock: Clock): Trace {
  const lines: Line[] = []
  const violations: Violation[] = []
  const faults: Outcome['faults'] = {}
  const from = clock.now()
  const tell = (who: string, what: string, state = ''): void =>
    void lines.push({ at: clock.now(), who, what, state })
  return {
    tell,
    struck(fault, who) {
      faults[fault] = (faults[fault] ?? 0) + 1
      if (who !== undefined) tell(who, `fault: ${fault}`)
    },
    violated(promise, who, what) {
      if (violations.length >= MOST_VIOLATIONS) return
      violations.push({ promise, what, who, at: clock.now(), line: lines.length })
    },
    violations,
    outcome: (seed, steps) => ({
      seed,
      steps,
      virtualMs: clock.now() - from,
      faults,
      violations,
      lines,
      digest: digestOf(lines),
    }),
  }
}

/** FNV-1a, 64 bits: two different stories agree once in 2^64. */
export function digestOf(value: unknown): string {
  let high = 0xcbf29ce4
  let low = 0x84222325
  for (const char of JSON.stringify(value)) {
    low ^= char.charCodeAt(0)
    // times 0x100000001b3, in halves of 32 bits
    const product = low * 0x1b3
    high = (Math.imul(high, 0x1b3) + Math.imul(low, 0x100) + Math.floor(product / 2 ** 32)) >>> 0
    low = product >>> 0
  }
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0')
}
