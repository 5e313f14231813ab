/** `landfall-sim systematic`: every kind of fault at every event of small scenarios, a table, and the plans that failed. */
import { BadInput } from '../plan/bad-input.ts'
import type { SystematicCommand } from './command.ts'
import type { CommandHost, Verdict } from './command-host.ts'
import { FAULT_KINDS } from '../systematic/fault-kinds.ts'
import { formatPlan } from '../plan/plan-json.ts'
import { SCENARIOS } from '../systematic/scenarios.ts'
import { runSystematically, type Tally } from '../systematic/systematic.ts'
import { count, counted, cut, visible } from '../story/text.ts'

const PROGRESS_MS = 5000
/** The others of the same kind of fault mostly have the same cause. */
const PLANS_SHOWN = 3

export async function runScenarios(command: SystematicCommand, host: CommandHost): Promise<Verdict> {
  const scenarios = chosen(SCENARIOS, command.scenario, 'scenario')
  const kinds = chosen(FAULT_KINDS, command.fault, 'fault')
  const simulator = await host.openSimulator({ app: undefined, postgres: undefined })
  const interrupted = host.interruption()
  const tallies: Tally[] = []
  let runs = 0
  let at = ''
  const quiet = host.every(PROGRESS_MS, () => host.note(`${counted(runs, 'run')}, now ${at}\n`))
  const run: typeof simulator.run = (plan) => {
    interrupted.throwIfAborted()
    return simulator.run(plan)
  }
  try {
    for (const scenario of scenarios) {
      const options = {
        every: command.every,
        kinds,
        onOutcome({ kind, n }: { kind: { name: string }; n: number }): void {
          runs++
          at = `${scenario.name}, ${kind.name}, ${n}`
        },
      }
      tallies.push(...(await runSystematically(run, scenario, options)))
    }
  } catch (error) {
    if (!interrupted.aborted) throw error
    host.note('Interrupted: the scenario that was under way is not in the table.\n')
  } finally {
    quiet()
    host.print(tallyTable(tallies))
  }
  if (tallies.some(({ violated }) => violated.length > 0)) return 'violated'
  return interrupted.aborted ? 'not run' : 'kept'
}

/** All, or those whose name begins so. */
function chosen<T extends { name: string }>(all: readonly T[], name: string | undefined, what: string): T[] {
  const found = all.filter((each) => each.name.startsWith(name ?? ''))
  if (found.length > 0) return found
  throw new BadInput(`There is no ${what} "${name}": choose from ${all.map((each) => each.name).join('; ')}.`)
}

export function tallyTable(tallies: readonly Tally[]): string {
  const widthOf = (name: 'scenario' | 'fault'): number =>
    Math.max(name.length, ...tallies.map((tally) => tally[name].length))
  const row = (scenario: string, fault: string, ...[runs, violated]: [string, string]): string =>
    `${scenario.padEnd(widthOf('scenario'))}  ${fault.padEnd(widthOf('fault'))}${runs.padStart(8)}  ${violated}`.trimEnd()
  const lines = tallies.map(({ scenario, fault, runs, complete, violated }) => {
    const promises = [...new Set(violated.map(({ promise }) => promise))].join(', ')
    const where =
      violated.length === 0 ? '' : `VIOLATED ${promises} at ${violated.map(({ n }) => n).join(', ')}`
    return row(scenario, fault, count(runs), [where, complete ? '' : '(bound reached)'].join(' ').trim())
  })
  const all = tallies.reduce((sum, { runs }) => sum + runs, 0)
  const bad = tallies.flatMap(({ violated }) => violated)
  return [
    row('scenario', 'fault', 'runs', ''),
    ...lines,
    '',
    `${counted(all, 'run')} with a fault that struck, ${bad.length === 0 ? 'nothing' : count(bad.length)} violated`,
    ...tallies.flatMap(firstPlans),
    '',
  ].join('\n')
}

function firstPlans({ scenario, fault, violated }: Tally): string[] {
  return violated.slice(0, PLANS_SHOWN).map(({ n, promise, what, plan }) => {
    const head = `${promise} in ${scenario}, ${fault}, ${n}: ${cut(visible(what), 300)}`
    return `\n${head}\nlandfall-sim replay --plan, with\n${formatPlan(plan)}`
  })
}
