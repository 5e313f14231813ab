/**
 * `landfall-sim replay`: one plan, from its seed or from a file, and its story; with `shrink` the smallest plan that
 * still violates the promise that the whole one violated first.
 */
import { BadInput } from '../plan/bad-input.ts'
import type { ReplayCommand } from './command.ts'
import type { Outcome } from '../story/outcome.ts'
import type { Plan } from '../plan/plan.ts'
import { formatPlan, parsePlan } from '../plan/plan-json.ts'
import { shrinkPlan } from './shrink.ts'
import type { Simulator } from './simulator.ts'
import type { Stage, Verdict } from './command-stage.ts'
import { storyHtml } from '../story/story-html.ts'
import { storyTable } from '../story/story.ts'
import { counted } from '../story/text.ts'

/** Five minutes of runs. */
const ATTEMPTS = 400

export async function replay(command: ReplayCommand, stage: Stage): Promise<Verdict> {
  await stage.checkApp(command.app)
  const read = 'plan' in command.what ? readPlan(command.what.plan, stage) : undefined
  const simulator = await stage.openSimulator(command)
  const plan = read ?? simulator.planOf('seed' in command.what ? command.what.seed : 0)
  const whole = await simulator.run(plan)
  const outcome = command.shrink ? await shrunk(plan, whole, { simulator, stage }) : whole
  if (command.html !== undefined) stage.writeFile(command.html, storyHtml(outcome))
  stage.print(storyTable(outcome))
  await simulator.close()
  return outcome.violations.length === 0 ? 'kept' : 'violated'
}

function readPlan(path: string, stage: Stage): Plan {
  try {
    return parsePlan(stage.readFile(path))
  } catch (error) {
    throw new BadInput(`${path}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Prints the small plan; its outcome. */
async function shrunk(
  plan: Plan,
  whole: Outcome,
  { simulator, stage }: { simulator: Simulator; stage: Stage },
): Promise<Outcome> {
  const [first] = whole.violations
  if (first === undefined) {
    stage.note('Nothing is violated, so there is nothing to shrink.\n')
    return whole
  }
  let outcome = whole
  const fails = async (smaller: Plan): Promise<boolean> => {
    const came = await simulator.run(smaller)
    const same = came.violations.some(({ promise }) => promise === first.promise)
    if (same) outcome = came
    if (same) stage.note(`${first.promise} is violated in ${counted(smaller.steps.length, 'step')}\n`)
    return same
  }
  const small = await shrinkPlan(plan, fails, { attempts: ATTEMPTS })
  if (!small.minimal) stage.note(`Stopped after ${ATTEMPTS} runs: a smaller plan may be there.\n`)
  stage.print(`${formatPlan(small.plan)}\n`)
  return outcome
}
