/**
 * Beside chance the systematic way: a small scenario is run with each kind of fault at its first event, its second, and
 * so on, until the fault finds no event to strike any more; and every run is judged like any other.
 *
 * What chance meets once in a thousand seeds (the answer of just this commit, lost) is met here for certain, and a run
 * that fails names its cause. Only one fault strikes a run, once or for ever; meetings of two are left to chance.
 */
import { FAULT_KINDS, type FaultKind } from './fault-kinds.ts'
import type { Outcome } from '../story/outcome.ts'
import type { Plan, PlannedDevice, Step } from '../plan/plan.ts'

export type Scenario = {
  name: string
  /** Faults of devices strike the first one. */
  devices: PlannedDevice[]
  /** Done before the fault is planted. */
  preparation: Step[]
  steps: Step[]
}

export type Tried = { scenario: Scenario; kind: FaultKind; n: number; plan: Plan; outcome: Outcome }

/** One kind of fault over one scenario. */
export type Tally = {
  scenario: string
  fault: string
  /** Runs in which it struck. */
  runs: number
  /** False: the bound was reached before the scenario's last event. */
  complete: boolean
  /** The plans of runs that violated something. */
  violated: { n: number; promise: string; what: string; plan: Plan }[]
}

export type SystematicOptions = {
  /** Every how many events one is struck. */
  every?: number
  /** No event beyond it is struck. */
  most?: number
  kinds?: readonly FaultKind[]
  onOutcome?(tried: Tried): void
}

type Run = (plan: Plan) => Promise<Outcome>

const MOST = 1_000

/** The scenario must go well without any fault; what it violates then is reported as the fault `none`. */
export async function runSystematically(
  run: Run,
  scenario: Scenario,
  options: SystematicOptions = {},
): Promise<Tally[]> {
  const plain = planWith(scenario, [])
  const undisturbed = await run(plain)
  const [wrong] = undisturbed.violations
  if (wrong !== undefined) {
    const { promise, what } = wrong
    const violated = [{ n: 0, promise, what, plan: plain }]
    return [{ scenario: scenario.name, fault: 'none', runs: 1, complete: true, violated }]
  }
  const tallies: Tally[] = []
  for (const kind of options.kinds ?? FAULT_KINDS)
    tallies.push(await tryKind({ run, scenario, kind, undisturbed, options }))
  return tallies
}

type Trial = {
  run: Run
  scenario: Scenario
  kind: FaultKind
  undisturbed: Outcome
  options: SystematicOptions
}

async function tryKind({ run, scenario, kind, undisturbed, options }: Trial): Promise<Tally> {
  const { every = 1, most = MOST, onOutcome } = options
  const tally: Tally = { scenario: scenario.name, fault: kind.name, runs: 0, complete: false, violated: [] }
  for (let n = 1; n <= most && !tally.complete; n += every) {
    const plan = planWith(scenario, [kind.plant(scenario.devices[0]?.name ?? '', n)])
    const outcome = await run(plan)
    const [wrong] = outcome.violations
    if (wrong !== undefined) tally.violated.push({ n, promise: wrong.promise, what: wrong.what, plan })
    tally.complete = timesOf(outcome, kind) <= timesOf(undisturbed, kind)
    if (!tally.complete) tally.runs++
    onOutcome?.({ scenario, kind, n, plan, outcome })
  }
  return tally
}

const timesOf = ({ faults }: Outcome, { fault }: FaultKind): number => faults[fault] ?? 0

export function planWith({ devices, preparation, steps }: Scenario, fault: Step[]): Plan {
  return { seed: 1, servers: 1, devices, steps: [...preparation, ...fault, ...steps] }
}
