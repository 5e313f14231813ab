/**
 * Runs a bundle on seeds in a process of its own, until the first violation.
 *
 * A process that ends before it has answered for all seeds has crashed, and one that says nothing for `PATIENCE_MS` hangs:
 * both are found. The time is the machine's own, since a loop without an end does not advance the virtual one.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { SeedLine } from './simulate.ts'

const PATIENCE_MS = 60_000
/** Of what a crashed process said at last. */
const LAST_WORDS = 600

export type Finding = {
  seed: number
  /** How many seeds it took. */
  seeds: number
  /** The promise that was broken; `crash` or `hang`. */
  promise: string
  what: string
}

/** null: all seeds ran without a violation. */
export async function searchSeeds(bundle: string, seeds: readonly number[]): Promise<Finding | null> {
  if (seeds.length === 0) return null
  const child = spawn(process.execPath, [bundle, ...seeds.map(String)], { stdio: ['ignore', 'pipe', 'pipe'] })
  const lastWords = tailOf(child)
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve())
    child.once('close', () => resolve())
  })
  const hung = watch(child)
  let done = 0
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const answer = parseLine(line)
      if (answer === null) continue
      hung.heard()
      const [first] = answer.violations
      done += 1
      if (first !== undefined) return { seed: answer.seed, seeds: done, ...first }
      if (done === seeds.length) return null
    }
    await ended
    const what = lastWords()
    return { seed: seeds[done] ?? 0, seeds: done + 1, promise: hung.struck() ? 'hang' : 'crash', what }
  } finally {
    hung.stop()
    child.kill('SIGKILL')
    await ended
  }
}

/** Ends a child that has not been heard of for too long. */
function watch(child: ChildProcess): { heard(): void; struck(): boolean; stop(): void } {
  let struck = false
  const strike = (): void => {
    struck = true
    child.kill('SIGKILL')
  }
  const timer = setTimeout(strike, PATIENCE_MS)
  return { heard: () => void timer.refresh(), struck: () => struck, stop: () => clearTimeout(timer) }
}

function tailOf({ stderr }: ChildProcess): () => string {
  let tail = ''
  stderr?.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-LAST_WORDS)
  })
  return () => tail.trim()
}

/** The code under test may print, too. */
function parseLine(line: string): SeedLine | null {
  return line.startsWith('{"seed":') ? (JSON.parse(line) as SeedLine) : null // written by simulate.ts
}
