/**
 * What runs inside a bundle: the seeds that the command line names, one after the other, a line of JSON for each.
 *
 * Whoever reads the lines may end the process at any time. An exception ends it here, and that is an answer too.
 */
import type { Outcome, Violation } from '../../src/story/outcome.ts'
import type { Plan } from '../../src/plan/plan.ts'

/** The simulator: what `bundle.ts` lists of it. */
export type Simulator<App, Theatre> = {
  house: App
  openTheatre(app: App): Promise<Theatre>
  planOf(app: App, seed: number): Plan
  runPlan(theatre: Theatre, plan: Plan): Promise<Outcome>
}

export type SeedLine = { seed: number; violations: Pick<Violation, 'promise' | 'what'>[] }

export async function simulate<App, Theatre>(simulator: Simulator<App, Theatre>): Promise<void> {
  const seeds = process.argv.slice(2).map(Number)
  const theatre = await simulator.openTheatre(simulator.house)
  for (const seed of seeds) {
    const { violations } = await simulator.runPlan(theatre, simulator.planOf(simulator.house, seed))
    const line: SeedLine = { seed, violations: violations.map(({ promise, what }) => ({ promise, what })) }
    process.stdout.write(`${JSON.stringify(line)}\n`)
  }
  process.exit(0) // whatever the theatre still holds open
}
