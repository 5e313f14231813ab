/**
 * What runs inside a bundle: the seeds that the command line names, one after the other, a line of JSON for each.
 *
 * Whoever reads the lines may end the process at any time. An exception ends it here, and that is an answer too.
 */
import type { Outcome, Violation } from '../../src/story/outcome.ts'
import type { Plan } from '../../src/plan/plan.ts'

/** The simulator: what `bundle.ts` lists of it. */
export type Simulator<App, Environment> = {
  sampleApp: App
  openEnvironment(app: App): Promise<Environment>
  planOf(app: App, seed: number): Plan
  runPlan(environment: Environment, plan: Plan): Promise<Outcome>
}

export type SeedLine = { seed: number; violations: Pick<Violation, 'promise' | 'what'>[] }

export async function simulate<App, Environment>(simulator: Simulator<App, Environment>): Promise<void> {
  const seeds = process.argv.slice(2).map(Number)
  const environment = await simulator.openEnvironment(simulator.sampleApp)
  for (const seed of seeds) {
    const { violations } = await simulator.runPlan(environment, simulator.planOf(simulator.sampleApp, seed))
    const line: SeedLine = { seed, violations: violations.map(({ promise, what }) => ({ promise, what })) }
    process.stdout.write(`${JSON.stringify(line)}\n`)
  }
  process.exit(0) // whatever the environment still holds open
}
