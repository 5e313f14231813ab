/**
 * What runs plans, as the command and its processes see it: a seed's plan, and a plan's outcome.
 *
 * A run that throws is a finding, too: it comes back as a violation of the promise `run`, and the theatre it may have
 * left half reset is not used again. A run that never ends cannot be seen from inside; the fleet sees it.
 */
import type { Outcome } from '../story/outcome.ts'
import type { Plan } from '../plan/plan.ts'

export type Simulator = {
  planOf(seed: number): Plan
  run(plan: Plan): Promise<Outcome>
  close(): Promise<void>
}

type Parts<Theatre> = {
  planOf(seed: number): Plan
  openTheatre(): Promise<Theatre>
  runPlan(theatre: Theatre, plan: Plan): Promise<Outcome>
}

export async function createSimulator<Theatre extends { close(): Promise<void> }>(
  parts: Parts<Theatre>,
): Promise<Simulator> {
  let theatre = await parts.openTheatre()
  return {
    planOf: (seed) => parts.planOf(seed),
    async run(plan) {
      try {
        return await parts.runPlan(theatre, plan)
      } catch (error) {
        await theatre.close().catch(() => {}) // whatever state it is in
        theatre = await parts.openTheatre()
        return brokenRun(plan.seed, error instanceof Error ? (error.stack ?? error.message) : String(error))
      }
    },
    close: () => theatre.close(),
  }
}

/** The outcome of a run that came to no outcome. */
export function brokenRun(seed: number, what: string): Outcome {
  const violation = { promise: 'run', what, who: 'world', at: 0, line: 0 }
  return { seed, steps: 0, virtualMs: 0, faults: {}, violations: [violation], lines: [], digest: '' }
}
