/**
 * `landfall-sim run`: many seeds, a line now and then, and the report.
 *
 * The report is printed whatever ends the run, an interruption or a process that cannot start: an hour's findings are not
 * thrown away. Of the first violation the story around it is told at once; the others are named, and a seed is enough
 * to see them.
 */
import type { RunCommand, Where } from './command.ts'
import { runFleet } from './fleet.ts'
import type { Outcome } from '../story/outcome.ts'
import {
  EMPTY_REPORT,
  mergeReports,
  reportOf,
  type Report,
  reportText,
  seedsPerMinute,
  violatedSeeds,
} from '../story/report.ts'
import type { CommandHost, Verdict } from './command-host.ts'
import { storyTable } from '../story/story.ts'
import { count, counted } from '../story/text.ts'

const PROGRESS_MS = 5000
const AROUND = 30

export async function runSeeds(command: RunCommand, host: CommandHost): Promise<Verdict> {
  await host.checkApp(command.app)
  const began = host.now()
  let report = EMPTY_REPORT
  let first: Outcome | undefined
  const quiet = host.every(PROGRESS_MS, () =>
    host.note(`${progressText(report, command.seeds, host.now() - began)}\n`),
  )
  try {
    await runFleet({
      ...command,
      processes: command.processes ?? host.cores,
      start: () => host.startWorker(command),
      signal: host.interruption(),
      onOutcome(outcome) {
        report = mergeReports(report, reportOf(outcome))
        if (outcome.violations.length > 0) first ??= outcome
      },
    })
  } finally {
    quiet()
    if (first) host.print(`${storyTable(first, { around: AROUND })}\n`)
    host.print(reportText(report, host.now() - began))
    for (const hint of hintsFor(report, command)) host.print(hint)
  }
  if (first) return 'violated'
  return report.seeds === command.seeds ? 'kept' : 'not run'
}

function progressText(report: Report, seeds: number, elapsedMs: number): string {
  const done = `${count(report.seeds)} of ${counted(seeds, 'seed')}`
  return `${done}, ${seedsPerMinute(report, elapsedMs)} a minute, ${count(violatedSeeds(report).length)} violated`
}

function hintsFor(report: Report, where: Where): string[] {
  const [seed] = violatedSeeds(report)
  if (seed === undefined) return []
  const given = (['app', 'postgres'] as const).flatMap((name) =>
    where[name] === undefined ? [] : ` --${name} ${where[name]}`,
  )
  return [`\nlandfall-sim replay ${seed} --shrink${given.join('')}\n`]
}
