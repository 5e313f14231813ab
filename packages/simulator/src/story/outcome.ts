/** What came of a plan: the story line by line, how often each kind of fault struck, and what was violated. */
import type { Fault } from './faults.ts'

/** One line of the story. `who`: a device, `server 1`, `postgres`, `world`. */
export type Line = { at: number; who: string; what: string; state: string }

export type Violation = {
  /** The promise that was broken, as in the protocol's SPEC.md. */
  promise: string
  what: string
  who: string
  /** Virtual time, and how many lines the story had. */
  at: number
  line: number
}

export type Outcome = {
  seed: number
  /** Steps of the plan that were carried out. */
  steps: number
  virtualMs: number
  faults: { [Kind in Fault]?: number }
  violations: Violation[]
  lines: Line[]
  /** Of all lines: two runs of a plan are the same if their digests are. */
  digest: string
}
