/**
 * A worker's side of the fleet: runs the seeds it is given, one after the other, and says what comes of each.
 *
 * A seed is named before it begins, so that whoever listens knows whose run killed or hung the process. A story is long
 * and the same again from its seed: it travels only when something was violated.
 */
import type { Outcome } from '../story/outcome.ts'
import type { Simulator } from './simulator.ts'

export type News = { kind: 'ready' } | { kind: 'begun'; seed: number } | { kind: 'done'; outcome: Outcome }

export async function serveSeeds(
  seeds: number[],
  simulator: Simulator,
  say: (news: News) => void,
): Promise<void> {
  for (const seed of seeds) {
    say({ kind: 'begun', seed })
    const outcome = await simulator.run(simulator.planOf(seed))
    say({ kind: 'done', outcome: outcome.violations.length > 0 ? outcome : { ...outcome, lines: [] } })
  }
}
