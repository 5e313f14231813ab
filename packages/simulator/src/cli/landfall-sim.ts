/** The command `landfall-sim` from its arguments to its exit code. */
import { BadInput } from '../plan/bad-input.ts'
import { type Command, HELP, parseCommand } from './command.ts'
import { replay } from './replay.ts'
import { runScenarios } from './run-scenarios.ts'
import { runSeeds } from './run-seeds.ts'
import type { CommandHost, Verdict } from './command-host.ts'

const EXIT_CODES: Record<Verdict, number> = { kept: 0, violated: 1, 'not run': 2 }

export async function landfallSim(args: string[], host: CommandHost): Promise<number> {
  try {
    return EXIT_CODES[await obey(parseCommand(args), host)]
  } catch (error) {
    host.note(`landfall-sim: ${error instanceof BadInput ? oneLine(error.message) : explained(error)}\n`)
    return EXIT_CODES['not run']
  }
}

async function obey(command: Command, host: CommandHost): Promise<Verdict> {
  if (command.kind === 'run') return await runSeeds(command, host)
  if (command.kind === 'replay') return await replay(command, host)
  if (command.kind === 'systematic') return await runScenarios(command, host)
  host.print(HELP)
  return 'kept'
}

const oneLine = (text: string): string => text.replaceAll(/\s*\n\s*/g, ' ')

const explained = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error)
