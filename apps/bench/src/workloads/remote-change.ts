/**
 * One change on its way to another screen: from a write on A until B's live query shows it, and from a direct SQL write
 * in Postgres until A's live query shows it; beside a raw HTTP request that asks Postgres one thing.
 *
 * Changes are made one after another, each at a random moment, so that they do not fall into step with the server's poll.
 */
import { now } from '../browser/page-api.ts'
import { totalCpu } from '../runner/cpu.ts'
import { collectGarbage } from '../runner/garbage.ts'
import { median, percentile } from '../runner/statistics.ts'
import { generateRows } from '../shared/rows.ts'
import { SPACES } from '../shared/schema.ts'
import type { Screen } from '../stage/browser.ts'
import { REMOTE_CHANGE, run, type Stage } from '../stage/stage.ts'

export type Latency = {
  kind: 'latency'
  name: string
  count: number
  p50: number
  p95: number
  /** CPU of all processes for one change, the pauses between changes included. */
  cpu: number | null
  target: number | null
}

const WARM_UP = 10
const TARGET_MS = 100
const LONGEST_PAUSE_MS = 60

type Change = (title: string) => Promise<number>

export async function benchRemoteChange(stage: Stage, changes: number): Promise<Latency[]> {
  const [a, b] = await Promise.all([openScreen(stage, 'ann'), openScreen(stage, 'bob')])
  const id = generateRows(REMOTE_CHANGE)[0]?.[0] ?? ''
  for (const screen of [a, b]) await screen.call('watch', { id })

  const fromScreen: Change = async (title) => {
    const [start, seen] = await Promise.all([a.call('write', { id, title }), b.call('whenSeen', { title })])
    return seen - start
  }
  const fromPostgres: Change = async (title) => {
    const seen = a.call('whenSeen', { title })
    const start = now()
    await run(stage.web.database, 'UPDATE items SET title = $1 WHERE id = $2::uuid', [title, id])
    return (await seen) - start
  }
  const results = [
    await measure(stage, changes, {
      name: 'raw HTTP round trip (GET /health)',
      change: () => a.call('roundTrip', {}),
    }),
    await measure(stage, changes, {
      name: 'a write on A until B shows it',
      target: TARGET_MS,
      change: fromScreen,
    }),
    await measure(stage, changes, { name: 'a write in Postgres until A shows it', change: fromPostgres }),
  ]
  for (const screen of [a, b]) await screen.close()
  return results
}

async function openScreen(stage: Stage, user: string): Promise<Screen> {
  const screen = await stage.browser.open()
  await screen.call('openLoaded', { database: `screen-${user}`, user, scope: `space:${SPACES.remoteChange}` })
  return screen
}

type Measured = { name: string; target?: number; change: Change }

async function measure(stage: Stage, changes: number, { name, target, change }: Measured): Promise<Latency> {
  for (let i = 0; i < WARM_UP; i++) await change(`${name}, warm-up ${i}`)
  const walls: number[] = []
  collectGarbage()
  const stopCpu = stage.startCpu()
  for (let i = 0; i < changes; i++) {
    await pause(Math.random() * LONGEST_PAUSE_MS)
    walls.push(await change(`${name} ${i}`))
  }
  const cpu = stopCpu()
  return {
    kind: 'latency',
    name,
    count: changes,
    p50: median(walls),
    p95: percentile(walls, 95),
    cpu: cpu && totalCpu(cpu) / changes,
    target: target ?? null,
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms)
  })
}
