/** The one place where the command meets the simulator that runs the plans. */
import type { SimApp } from '../plan/app.ts'
import type { Where } from './command.ts'
import { sampleApp } from '../sample/sample-app.ts'
import { loadApp } from './load-app.ts'
import { OVERLAPPING, planOf } from '../plan/generate.ts'
import { openPostgresEnvironment } from '../stage/postgres-environment.ts'
import { runPlan } from '../stage/run.ts'
import { openEnvironment } from '../stage/environment.ts'
import { createSimulator, type Simulator } from './simulator.ts'

/** The module's app; without a module the sample app. Only its shape as an object is known here, not its promises. */
export async function appOf(module: string | undefined): Promise<SimApp> {
  return module === undefined ? sampleApp : ((await loadApp(module)) as SimApp)
}

export async function openSimulator({ app: module, postgres }: Where): Promise<Simulator> {
  const app = await appOf(module)
  if (postgres !== undefined)
    return await createSimulator({
      planOf: (seed) => planOf(app, seed, OVERLAPPING),
      openEnvironment: () => openPostgresEnvironment(app, postgres === 'start' ? {} : { server: postgres }),
      runPlan,
    })
  return await createSimulator({
    planOf: (seed) => planOf(app, seed),
    openEnvironment: () => openEnvironment(app),
    runPlan,
  })
}
