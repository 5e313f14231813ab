/**
 * Makes a failing plan small: delta debugging (Zeller, Hildebrandt: Simplifying and Isolating Failure-Inducing Input,
 * 2002), of which it keeps the half that tries complements. A part alone seldom fails as a story does.
 *
 * Chunks of steps are left out, half of them first and single ones last; then devices and servers; then each step is made
 * simpler. Rounds go on until one changes nothing, so the result cannot lose any one step. It goes from the end to the
 * beginning: what needs an earlier step is gone by the time that step is tried. No plan is run twice.
 *
 * It does not know what failing means: `fails` must ask for the same promise, or shrinking wanders to another bug.
 */
import { formatPlan } from '../plan/plan-json.ts'
import type { Plan, Step } from '../plan/plan.ts'
import { simplerSteps } from './simpler-step.ts'

type Fails = (plan: Plan) => Promise<boolean>

export type Shrunk = {
  plan: Plan
  /** How many plans were run. */
  attempts: number
  /** False if the attempts ran out before everything was tried. */
  minimal: boolean
}

export async function shrinkPlan(plan: Plan, fails: Fails, limit: { attempts: number }): Promise<Shrunk> {
  const trials = createTrials(fails, limit.attempts)
  let smallest = plan
  let before: Plan
  do {
    before = smallest
    for (const pass of [dropSteps, dropDevices, dropServers, simplifyDevices, simplifySteps])
      smallest = await pass(smallest, trials.stillFails)
  } while (smallest !== before)
  return { plan: smallest, attempts: trials.spent(), minimal: !trials.ranOut() }
}

function createTrials(
  fails: Fails,
  attempts: number,
): { stillFails: Fails; spent(): number; ranOut(): boolean } {
  const tried = new Set<string>()
  let ranOut = false
  return {
    async stillFails(plan) {
      const text = formatPlan(plan)
      if (tried.has(text)) return false
      ranOut ||= tried.size >= attempts
      if (ranOut) return false
      tried.add(text)
      return await fails(plan)
    },
    spent: () => tried.size,
    ranOut: () => ranOut,
  }
}

async function dropSteps(plan: Plan, stillFails: Fails): Promise<Plan> {
  let smallest = plan
  let size = plan.steps.length
  do {
    size = Math.ceil(size / 2)
    smallest = await dropChunks(smallest, size, stillFails)
  } while (size > 1)
  return smallest
}

async function dropChunks(plan: Plan, size: number, stillFails: Fails): Promise<Plan> {
  let smallest = plan
  for (let end = plan.steps.length; end > 0; end -= size) {
    const start = Math.max(0, end - size)
    const without = { ...smallest, steps: smallest.steps.toSpliced(start, end - start) }
    if (await stillFails(without)) smallest = without
  }
  return smallest
}

/** A world has at least one device. */
async function dropDevices(plan: Plan, stillFails: Fails): Promise<Plan> {
  let smallest = plan
  for (const { name } of plan.devices.toReversed()) {
    const devices = smallest.devices.filter((device) => device.name !== name)
    const steps = smallest.steps.flatMap((step) => withoutDevice(step, name))
    const without = { ...smallest, devices, steps }
    if (devices.length > 0 && (await stillFails(without))) smallest = without
  }
  return smallest
}

function withoutDevice(step: Step, name: string): Step[] {
  if (step.kind === 'burst') return [{ ...step, writes: step.writes.filter(({ device }) => device !== name) }]
  return 'device' in step && step.device === name ? [] : [step]
}

/** Servers count from 0. */
async function dropServers(plan: Plan, stillFails: Fails): Promise<Plan> {
  const plans = Array.from({ length: plan.servers - 1 }, (_, fewer) => {
    const servers = fewer + 1
    const steps = plan.steps.filter((step) => step.kind !== 'kill server' || step.server < servers)
    return { ...plan, servers, steps }
  })
  return (await firstFailing(plans, stillFails)) ?? plan
}

async function simplifyDevices(plan: Plan, stillFails: Fails): Promise<Plan> {
  let smallest = plan
  for (const [index, device] of plan.devices.entries()) {
    const right = { ...smallest, devices: smallest.devices.with(index, { ...device, skewMs: 0 }) }
    if (device.skewMs !== 0 && (await stillFails(right))) smallest = right
  }
  return smallest
}

async function simplifySteps(plan: Plan, stillFails: Fails): Promise<Plan> {
  let smallest = plan
  for (const index of plan.steps.keys()) smallest = await simplifyStep(smallest, index, stillFails)
  return smallest
}

async function simplifyStep(plan: Plan, index: number, stillFails: Fails): Promise<Plan> {
  const forms = plan.steps.slice(index, index + 1).flatMap(simplerSteps)
  const plans = forms.map((form) => ({ ...plan, steps: plan.steps.with(index, form) }))
  const simpler = await firstFailing(plans, stillFails)
  return simpler === undefined ? plan : await simplifyStep(simpler, index, stillFails)
}

async function firstFailing(plans: readonly Plan[], fails: Fails): Promise<Plan | undefined> {
  for (const plan of plans) if (await fails(plan)) return plan
  return undefined
}
