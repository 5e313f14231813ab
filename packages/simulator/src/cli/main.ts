#!/usr/bin/env node
/**
 * `landfall-sim`: the command with real processes, files, terminal and clock. Everything it decides is in
 * landfall-sim.ts.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { landfallSim } from './landfall-sim.ts'
import { appOf, openSimulator } from './wiring.ts'
import { forkWorker } from './worker-process.ts'

// Whoever reads a long story may stop reading.
process.stdout.on('error', () => process.exit())

const code = await landfallSim(process.argv.slice(2), {
  checkApp: async (app) => void (await appOf(app)),
  openSimulator,
  startWorker: ({ app = '', postgres = '' }) =>
    forkWorker(new URL('./worker.js', import.meta.url), [app, postgres]),
  cores: availableParallelism(),
  readFile: (path) => readFileSync(path, 'utf8'),
  writeFile: (path, text) => writeFileSync(path, text),
  print: (text) => void process.stdout.write(text),
  note: (text) => void process.stderr.write(text),
  // tidy: clock — the command waits in real time for real processes
  now: () => performance.now(),
  every(ms, action) {
    // tidy: timer — the command tells how far it is
    const timer = setInterval(action, ms)
    return () => clearInterval(timer)
  },
  interruption() {
    const interruption = new AbortController()
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => interruption.abort())
    return interruption.signal
  },
})
process.stdout.write('', () => process.exit(code))
