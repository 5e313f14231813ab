/**
 * CPU time of this process, of Postgres and of the browser, in milliseconds since some start.
 *
 * Postgres and the browser are trees of processes; Linux tells their times in /proc, and those of processes that have
 * ended in the times of their parents. Elsewhere, and for a Postgres on another machine, the answer is null: wall times
 * stand alone then. Waiting costs no CPU, so these numbers are steadier than wall times on a busy machine.
 */
import { readdirSync, readFileSync } from 'node:fs'

export type Cpu = { node: number; postgres: number; browser: number }

/** Roots of the trees. */
export type ProcessRoots = { postgres: number | null; browser: number | null }

/** USER_HZ, 100 on every Linux there is. */
const TICK_MS = 10

type Process = { pid: number; parent: number; ms: number }

/** Starts measuring; the answer stops and gives what was used meanwhile. */
export type CpuMeter = () => () => Cpu | null

export function createCpuMeter(roots: ProcessRoots): CpuMeter {
  if (process.platform !== 'linux') return () => () => null
  return () => {
    const before = readTrees(roots)
    // Reading /proc costs this process some milliseconds: outside of its own measure, on both ends.
    const own = process.cpuUsage()
    return () => {
      const { user, system } = process.cpuUsage(own)
      const after = readTrees(roots)
      return {
        node: (user + system) / 1000,
        postgres: after.postgres - before.postgres,
        browser: after.browser - before.browser,
      }
    }
  }
}

function readTrees(roots: ProcessRoots): Omit<Cpu, 'node'> {
  const processes = readProcesses()
  return { postgres: treeMs(processes, roots.postgres), browser: treeMs(processes, roots.browser) }
}

export function totalCpu(cpu: Cpu): number {
  return cpu.node + cpu.postgres + cpu.browser
}

/** The process whose command line holds the text, and which is nobody's helper (`--type=` in Chromium). */
export function findProcess(text: string): number | null {
  if (process.platform !== 'linux') return null
  const found = pids().find((pid) => {
    const command = readText(`/proc/${pid}/cmdline`)
    return pid !== process.pid && command.includes(text) && !command.includes('--type=')
  })
  return found ?? null
}

export function parentOf(pid: number): number | null {
  return process.platform === 'linux' ? (readProcess(pid)?.parent ?? null) : null
}

function treeMs(processes: Process[], root: number | null): number {
  if (root === null) return 0
  const members = new Set([root])
  // Children may stand before their parents: go round until nobody is added.
  for (let size = 0; size !== members.size; ) {
    size = members.size
    for (const { pid, parent } of processes) if (members.has(parent)) members.add(pid)
  }
  return processes.reduce((sum, { pid, ms }) => (members.has(pid) ? sum + ms : sum), 0)
}

function readProcesses(): Process[] {
  return pids().flatMap((pid) => readProcess(pid) ?? [])
}

function pids(): number[] {
  return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? Number(name) : []))
}

/** Fields of /proc/PID/stat after the command's name: see proc_pid_stat(5). */
function readProcess(pid: number): Process | null {
  const text = readText(`/proc/${pid}/stat`)
  if (text === '') return null
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [user, system, userOfEnded, systemOfEnded] = fields.slice(11, 15).map(Number)
  const own = Math.max(((user ?? 0) + (system ?? 0)) * TICK_MS, mainThreadMs(pid))
  return { pid, parent: Number(fields[1]), ms: own + ((userOfEnded ?? 0) + (systemOfEnded ?? 0)) * TICK_MS }
}

/** To the nanosecond, but of the main thread only: all there is in a Postgres backend, too little in a browser. */
function mainThreadMs(pid: number): number {
  return Number(readText(`/proc/${pid}/schedstat`).split(' ')[0] ?? 0) / 1e6
}

/** Empty when the process has ended meanwhile. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
