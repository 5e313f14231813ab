/** The one place where the command meets the simulator that runs the plans. */
import type { SimApp } from './app.ts'
import { house } from './house.ts'
import { loadApp } from './load-app.ts'
import { planOf } from './generate.ts'
import { runPlan } from './run.ts'
import { openTheatre } from './theatre.ts'
import { createSimulator, type Simulator } from './simulator.ts'

/** The module's app; without a module the house app. Only its shape as an object is known here, not its promises. */
export async function appOf(module: string | undefined): Promise<SimApp> {
  return module === undefined ? house : ((await loadApp(module)) as SimApp)
}

export async function openSimulator(module: string | undefined): Promise<Simulator> {
  const app = await appOf(module)
  return await createSimulator({
    planOf: (seed) => planOf(app, seed),
    openTheatre: () => openTheatre(app),
    runPlan,
  })
}
