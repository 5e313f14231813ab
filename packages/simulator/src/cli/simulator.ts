/**
 * What runs plans, as the command and its processes see it: a seed's plan, and a plan's outcome.
 *
 * A run that throws is a finding, too: it comes back as a violation of the promise `run`, and the environment it may have
 * left half reset is not used again. A run that never ends cannot be seen from inside; the fleet sees it.
 */
import type { Outcome } from '../story/outcome.ts'
import type { Plan } from '../plan/plan.ts'

export type Simulator = {
  planOf(seed: number): Plan
  run(plan: Plan): Promise<Outcome>
  close(): Promise<void>
}

type Parts<Environment> = {
  planOf(seed: number): Plan
  openEnvironment(): Promise<Environment>
  runPlan(environment: Environment, plan: Plan): Promise<Outcome>
}

export async function createSimulator<Environment extends { close(): Promise<void> }>(
  parts: Parts<Environment>,
): Promise<Simulator> {
  let environment = await parts.openEnvironment()
  return {
    planOf: (seed) => parts.planOf(seed),
    async run(plan) {
      try {
        return await parts.runPlan(environment, plan)
      } catch (error) {
        await environment.close().catch(() => {}) // whatever state it is in
        environment = await parts.openEnvironment()
        return brokenRun(plan.seed, error instanceof Error ? (error.stack ?? error.message) : String(error))
      }
    },
    close: () => environment.close(),
  }
}

/** The outcome of a run that came to no outcome. */
export function brokenRun(seed: number, what: string): Outcome {
  const violation = { promise: 'run', what, who: 'world', at: 0, line: 0 }
  return { seed, steps: 0, virtualMs: 0, faults: {}, violations: [violation], lines: [], digest: '' }
}
