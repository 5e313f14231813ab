/**
 * First load: from `openLandfall` on an empty device until the scope is ready, over real HTTP from a real Postgres.
 *
 * The floor inserts the same rows from the memory of a worker, in the order in which pages come, in one transaction into
 * the same tables on the same VFS.
 */
import { compare, type Compared } from '../runner/compare.ts'
import { SPACES } from '../shared/schema.ts'
import { FIRST_LOAD, type Stage } from '../stage/stage.ts'

const TARGET = 2.5

export async function benchFirstLoad(stage: Stage, rounds: number): Promise<Compared[]> {
  const screen = await stage.browser.open()
  await screen.call('worker', { name: 'prepareLoad', options: FIRST_LOAD })
  const floor = {
    name: 'the same rows from memory',
    run: (round: number) => screen.call('worker', { name: 'load', options: { directory: `floor-${round}` } }),
  }
  const load = {
    name: `first load of ${FIRST_LOAD.count.toLocaleString('en')} rows`,
    target: TARGET,
    run: (round: number) =>
      screen.call('firstLoad', {
        database: `load-${round}`,
        user: 'loader',
        scope: `space:${SPACES.firstLoad}`,
        rows: FIRST_LOAD.count,
      }),
  }
  const results = await compare({ floor, workloads: [load], rounds }, stage.readCpu)
  await screen.close()
  return results
}
