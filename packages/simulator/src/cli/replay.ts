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
import type { CommandHost, Verdict } from './command-host.ts'
import { storyHtml } from '../story/story-html.ts'
import { storyTable } from '../story/story.ts'
import { counted } from '../story/text.ts'

/** Five minutes of runs. */
const ATTEMPTS = 400

export async function replay(command: ReplayCommand, host: CommandHost): Promise<Verdict> {
  await host.checkApp(command.app)
  const read = 'plan' in command.what ? readPlan(command.what.plan, host) : undefined
  const simulator = await host.openSimulator(command)
  const plan = read ?? simulator.planOf('seed' in command.what ? command.what.seed : 0)
  const whole = await simulator.run(plan)
  const outcome = command.shrink ? await shrunk(plan, whole, { simulator, host }) : whole
  if (command.html !== undefined) host.writeFile(command.html, storyHtml(outcome))
  host.print(storyTable(outcome))
  await simulator.close()
  return outcome.violations.length === 0 ? 'kept' : 'violated'
}

function readPlan(path: string, host: CommandHost): Plan {
  try {
    return parsePlan(host.readFile(path))
  } catch (error) {
    throw new BadInput(`${path}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Prints the small plan; its outcome. */
async function shrunk(
  plan: Plan,
  whole: Outcome,
  { simulator, host }: { simulator: Simulator; host: CommandHost },
): Promise<Outcome> {
  const [first] = whole.violations
  if (first === undefined) {
    host.note('Nothing is violated, so there is nothing to shrink.\n')
    return whole
  }
  let outcome = whole
  const fails = async (smaller: Plan): Promise<boolean> => {
    const came = await simulator.run(smaller)
    const same = came.violations.some(({ promise }) => promise === first.promise)
    if (same) outcome = came
    if (same) host.note(`${first.promise} is violated in ${counted(smaller.steps.length, 'step')}\n`)
    return same
  }
  const small = await shrinkPlan(plan, fails, { attempts: ATTEMPTS })
  if (!small.minimal) host.note(`Stopped after ${ATTEMPTS} runs: a smaller plan may be there.\n`)
  host.print(`${formatPlan(small.plan)}\n`)
  return outcome
}
