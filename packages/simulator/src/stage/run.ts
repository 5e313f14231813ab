/** Runs one plan from its beginning to the end, and tells what came of it. */
import type { Outcome } from '../story/outcome.ts'
import { createExecution, execute } from './execute.ts'
import type { Plan } from '../plan/plan.ts'
import { drain } from './drain.ts'
import { Stage } from './stage.ts'
import type { Environment } from './environment.ts'

export async function runPlan(environment: Environment, plan: Plan): Promise<Outcome> {
  const stage = new Stage(environment, plan)
  return environment.atTime(
    () => stage.clock.now(),
    async () => {
      let steps = 0
      try {
        await stage.open()
        const execution = createExecution(stage)
        for (const step of plan.steps) {
          if (stage.trace.violations.length > 0) break
          await execute(execution, step)
          steps++
        }
        if (stage.trace.violations.length === 0) await drain(execution)
      } catch (error) {
        const what = error instanceof Error ? (error.stack ?? error.message) : String(error)
        stage.trace.violated('run', 'world', what.slice(0, 1_500))
      } finally {
        await stage.close()
      }
      return stage.trace.outcome(plan.seed, steps)
    },
  )
}
