/** The one place where the command meets the simulator that runs the plans. */
import type { SimApp } from '../plan/app.ts'
import type { Where } from './command.ts'
import { house } from '../sample/house.ts'
import { loadApp } from './load-app.ts'
import { OVERLAPPING, planOf } from '../plan/generate.ts'
import { openPostgresTheatre } from '../stage/postgres-theatre.ts'
import { runPlan } from '../stage/run.ts'
import { openTheatre } from '../stage/theatre.ts'
import { createSimulator, type Simulator } from './simulator.ts'

/** The module's app; without a module the house app. Only its shape as an object is known here, not its promises. */
export async function appOf(module: string | undefined): Promise<SimApp> {
  return module === undefined ? house : ((await loadApp(module)) as SimApp)
}

export async function openSimulator({ app: module, postgres }: Where): Promise<Simulator> {
  const app = await appOf(module)
  if (postgres !== undefined)
    return await createSimulator({
      planOf: (seed) => planOf(app, seed, OVERLAPPING),
      openTheatre: () => openPostgresTheatre(app, postgres === 'start' ? {} : { server: postgres }),
      runPlan,
    })
  return await createSimulator({
    planOf: (seed) => planOf(app, seed),
    openTheatre: () => openTheatre(app),
    runPlan,
  })
}
