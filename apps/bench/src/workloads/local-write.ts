/**
 * Local writes on OPFS: many rows in one transaction, and many transactions of one row, durable when acknowledged.
 *
 * The floor is the same driver, VFS, pragmas, tables and statements without capture. The client's line adds the page, the
 * crossing into the worker and the engine, with sync paused.
 */
import { compare, type Compared, type Side } from '../runner/compare.ts'
import type { LocalSideName } from '../browser/worker-calls.ts'
import type { Screen } from '../stage/browser.ts'
import type { Stage } from '../stage/stage.ts'

const TARGET = 1.6

const WRITES = [
  { method: 'bulk', client: 'clientBulk', count: 10_000, what: '10,000 rows in one transaction' },
  { method: 'singles', client: 'clientSingles', count: 1_000, what: '1,000 transactions of one row' },
] as const

export async function benchLocalWrite(stage: Stage, rounds: number): Promise<Compared[]> {
  const screen = await stage.browser.open()
  await screen.call('worker', { name: 'openLocal', options: { directory: 'bench' } })
  await screen.call('openClient', { database: 'bench', user: 'nobody', paused: true })
  const results: Compared[] = []
  for (const write of WRITES) results.push(...(await compareWrite({ stage, screen, rounds }, write)))
  await screen.call('worker', { name: 'closeLocal', options: {} })
  await screen.call('wipeClient', {})
  await screen.close()
  return results
}

type Setting = { stage: Stage; screen: Screen; rounds: number }

function compareWrite(
  { stage, screen, rounds }: Setting,
  write: (typeof WRITES)[number],
): Promise<Compared[]> {
  const { method, client, count, what } = write
  const rowsOfRound = (round: number) => ({ seed: count + round, count })
  const inWorker =
    (side: LocalSideName): Side['run'] =>
    (round) =>
      screen.call('worker', { name: method, options: { side, ...rowsOfRound(round) } })
  const floor = { name: 'the same without capture', run: inWorker('bare') }
  const store = { name: `local: ${what}`, target: TARGET, run: inWorker('captured') }
  const whole: Side = {
    name: `local: ${what}, through the client`,
    run: (round) => screen.call(client, rowsOfRound(round)),
  }
  return compare({ floor, workloads: [store, whole], rounds }, stage.readCpu)
}
