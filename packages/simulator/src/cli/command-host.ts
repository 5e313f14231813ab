/** What the command needs from the outside: processes, files, the terminal and the clock. `main.ts` has the real ones. */
import type { Where } from './command.ts'
import type { Simulator } from './simulator.ts'
import type { Worker } from './worker-process.ts'

/** What a command came to. */
export type Verdict = 'kept' | 'violated' | 'not run'

export type CommandHost = {
  /** Refuses a module that is no app before anything is started. */
  checkApp(app: string | undefined): Promise<void>
  openSimulator(where: Where): Promise<Simulator>
  startWorker(where: Where): Worker
  cores: number
  readFile(path: string): string
  writeFile(path: string, text: string): void
  /** For whoever asked. */
  print(text: string): void
  /** For whoever waits. */
  note(text: string): void
  now(): number
  /** Returns what ends it. */
  every(ms: number, action: () => void): () => void
  /** From now on Ctrl-C is a wish to see what there is and to go home. */
  interruption(): AbortSignal
}
