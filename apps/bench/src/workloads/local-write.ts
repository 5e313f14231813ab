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
  await screen.call('openPaused', { database: 'bench', user: 'nobody' })
  const results: Compared[] = []
  let first = 0
  for (const write of WRITES) {
    results.push(...(await compareWrite({ stage, screen, rounds }, { ...write, first })))
    first += (rounds + 1) * write.count
  }
  await screen.call('worker', { name: 'closeLocal', options: {} })
  await screen.call('wipeClient', {})
  await screen.close()
  return results
}

/** `first`: how many rows there are before. */
type Write = (typeof WRITES)[number] & { first: number }

type Setting = { stage: Stage; screen: Screen; rounds: number }

function compareWrite(setting: Setting, write: Write): Promise<Compared[]> {
  const floor = workerSide(setting, write, { name: 'the same without capture', side: 'bare' })
  const store = workerSide(setting, write, { name: `local: ${write.what}`, side: 'captured' })
  const workloads = [{ ...store, target: TARGET }, clientSide(setting, write)]
  return compare({ floor, workloads, rounds: setting.rounds }, setting.stage.startCpu)
}

function workerSide(
  { screen }: Setting,
  { method, count, first }: Write,
  { name, side }: { name: string; side: LocalSideName },
): Side {
  return {
    name,
    prepare: (round) => screen.call('worker', { name: 'prepareLocal', options: rowsOfRound(count, round) }),
    run: () => screen.call('worker', { name: method, options: { side } }),
    check: async (round) =>
      expectRows(
        await screen.call('worker', { name: 'countLocal', options: { side } }),
        first + (round + 1) * count,
      ),
  }
}

function clientSide({ screen }: Setting, { client, what, count, first }: Write): Side {
  return {
    name: `local: ${what}, through the client`,
    prepare: (round) => screen.call('prepareClient', rowsOfRound(count, round)),
    run: () => screen.call(client, {}),
    check: async (round) => expectRows(await screen.call('countClient', {}), first + (round + 1) * count),
  }
}

const rowsOfRound = (count: number, round: number) => ({ seed: count + round, count, space: 1 })

function expectRows(found: number, expected: number): void {
  if (found !== expected) throw new Error(`${found} rows in place of ${expected}.`)
}
