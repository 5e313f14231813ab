/**
 * `npm run bench`: runs the workloads beside their floors and prints what they cost.
 *
 *   --save            also writes results/<date>-<cpu>.md, to be committed as a baseline
 *   --only=push,...   some workloads: local-write, push, capture, first-load, remote-change
 *   --rounds=N        rounds for every comparison, in place of each workload's own number
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readMachine, slug } from './machine.ts'
import { formatReport, type Report, type Result } from './report.ts'
import { openStage, type Stage } from './stage/stage.ts'
import { benchCapture } from './workloads/capture.ts'
import { benchFirstLoad } from './workloads/first-load.ts'
import { benchLocalWrite } from './workloads/local-write.ts'
import { benchPush } from './workloads/push.ts'
import { benchRemoteChange } from './workloads/remote-change.ts'

type Workload = { rounds: number; bench(stage: Stage, rounds: number): Promise<Result[]> }

const CHANGES = 100

const WORKLOADS: Record<string, Workload> = {
  'local-write': { rounds: 7, bench: benchLocalWrite },
  push: { rounds: 9, bench: benchPush },
  capture: { rounds: 5, bench: benchCapture },
  'first-load': { rounds: 3, bench: benchFirstLoad },
  // Its changes are no rounds: their number stays.
  'remote-change': { rounds: 1, bench: (on) => benchRemoteChange(on, CHANGES) },
}

const RESULTS = fileURLToPath(new URL('../results', import.meta.url))

const { values } = parseArgs({
  options: { save: { type: 'boolean' }, only: { type: 'string' }, rounds: { type: 'string' } },
})

const stage = await openStage()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => void stage.close().finally(() => process.exit(1)))
try {
  const report: Report = {
    date: new Date().toISOString().slice(0, 10),
    machine: readMachine(),
    versions: stage.versions,
    results: await runWorkloads(stage),
  }
  const text = formatReport(report)
  console.log(`\n${text}\n`)
  if (values.save) save(report, text)
} finally {
  await stage.close()
}

async function runWorkloads(on: Stage): Promise<Result[]> {
  const names = values.only?.split(',') ?? Object.keys(WORKLOADS)
  const results: Result[] = []
  for (const name of names) {
    const workload = WORKLOADS[name]
    if (!workload) throw new Error(`There is no workload ${name}: ${Object.keys(WORKLOADS).join(', ')}`)
    console.error(`${name} ...`)
    results.push(...(await workload.bench(on, Number(values.rounds ?? workload.rounds))))
  }
  return results
}

function save(report: Report, text: string): void {
  const file = join(RESULTS, `${report.date}-${slug(report.machine.cpu)}.md`)
  mkdirSync(RESULTS, { recursive: true })
  writeFileSync(file, `${text}\n`)
  console.error(`Saved ${file}`)
}
