/** The command `landfall-sim` from its arguments to its exit code. */
import { BadInput } from '../plan/bad-input.ts'
import { type Command, HELP, parseCommand } from './command.ts'
import { replay } from './replay.ts'
import { runScenarios } from './run-scenarios.ts'
import { runSeeds } from './run-seeds.ts'
import type { Stage, Verdict } from './command-stage.ts'

const EXIT_CODES: Record<Verdict, number> = { kept: 0, violated: 1, 'not run': 2 }

export async function landfallSim(args: string[], stage: Stage): Promise<number> {
  try {
    return EXIT_CODES[await obey(parseCommand(args), stage)]
  } catch (error) {
    stage.note(`landfall-sim: ${error instanceof BadInput ? oneLine(error.message) : explained(error)}\n`)
    return EXIT_CODES['not run']
  }
}

async function obey(command: Command, stage: Stage): Promise<Verdict> {
  if (command.kind === 'run') return await runSeeds(command, stage)
  if (command.kind === 'replay') return await replay(command, stage)
  if (command.kind === 'systematic') return await runScenarios(command, stage)
  stage.print(HELP)
  return 'kept'
}

const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ')

const explained = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)
