/**
 * First load: from `openLandfall` on an empty device until the scope is ready, over real HTTP from a real Postgres.
 *
 * The floor inserts the same rows from the memory of a worker, in the order in which pages come, in one transaction into
 * the same tables on the same VFS.
 */
import { compare, type Compared, type Side } from '../runner/compare.ts'
import { SPACES } from '../shared/schema.ts'
import { FIRST_LOAD, type Stage } from '../stage/stage.ts'

const TARGET = 2.5
const SCOPE = `space:${SPACES.firstLoad}`

export async function benchFirstLoad(stage: Stage, rounds: number): Promise<Compared[]> {
  const screen = await stage.browser.open()
  await screen.call('worker', { name: 'prepareLoad', options: FIRST_LOAD })
  const floor: Side = {
    name: 'the same rows from memory',
    run: (round) => screen.call('worker', { name: 'load', options: { directory: `floor-${round}` } }),
    check: async () => expectAll(await screen.call('worker', { name: 'unload', options: {} })),
  }
  const load: Side = {
    name: `first load of ${FIRST_LOAD.count.toLocaleString('en')} rows`,
    target: TARGET,
    run: (round) => screen.call('openLoaded', { database: `load-${round}`, user: 'loader', scope: SCOPE }),
    check: async () => {
      expectAll(await screen.call('countClient', {}))
      await screen.call('wipeClient', {})
    },
  }
  const results = await compare({ floor, workloads: [load], rounds }, stage.startCpu)
  await screen.close()
  return results
}

function expectAll(count: number): void {
  if (count !== FIRST_LOAD.count) throw new Error(`${count} rows were loaded.`)
}
