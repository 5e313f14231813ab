/** Plays one plan from its beginning to the end, and tells what came of it. */
import type { Outcome } from '../story/outcome.ts'
import { createPerformance, perform } from './perform.ts'
import type { Plan } from '../plan/plan.ts'
import { settle } from './settle.ts'
import { Stage } from './stage.ts'
import type { Theatre } from './theatre.ts'

export async function runPlan(theatre: Theatre, plan: Plan): Promise<Outcome> {
  const stage = new Stage(theatre, plan)
  return theatre.atTime(
    () => stage.clock.now(),
    async () => {
      let steps = 0
      try {
        await stage.open()
        const performance = createPerformance(stage)
        for (const step of plan.steps) {
          if (stage.chronicle.violations.length > 0) break
          await perform(performance, step)
          steps++
        }
        if (stage.chronicle.violations.length === 0) await settle(performance)
      } catch (error) {
        const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
        stage.chronicle.violated('run', 'world', what.slice(0, 1_500))
      } finally {
        await stage.close()
      }
      return stage.chronicle.outcome(plan.seed, steps)
    },
  )
}
