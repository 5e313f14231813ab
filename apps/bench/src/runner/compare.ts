/**
 * Measures workloads beside their floor: several rounds, all sides in each, in an order that turns from round to round.
 *
 * What disturbs the machine for a while then disturbs all sides. A ratio is taken within each round and the median over
 * the rounds stands for all; the range shows how far to trust it. One round before the first warms caches and compilers
 * and is thrown away.
 */
import { type Cpu, type CpuMeter, totalCpu } from './cpu.ts'
import { collectGarbage } from './garbage.ts'
import { median } from './statistics.ts'

export type Side = {
  name: string
  target?: number
  /** Makes ready what is not measured. */
  prepare?(round: number): Promise<unknown>
  /** Gives the wall milliseconds of what is measured; the CPU is measured around it. */
  run(round: number): Promise<number>
  /** Throws unless the work was really done; cleans up. */
  check(round: number): Promise<unknown>
}

export type Comparison = { floor: Side; workloads: Side[]; rounds: number }

export type Sample = { wall: number; cpu: Cpu | null }

export type Ratio = { median: number; low: number; high: number }

export type Compared = {
  kind: 'compared'
  name: string
  floorName: string
  wall: { floor: number; workload: number; ratio: Ratio }
  cpu: { floor: number; workload: number; ratio: Ratio; parts: Cpu } | null
  target: number | null
  rounds: number
}

export async function compare(comparison: Comparison, startCpu: CpuMeter): Promise<Compared[]> {
  const sides = [comparison.floor, ...comparison.workloads]
  const samples = new Map<Side, Sample[]>(sides.map((side) => [side, []]))
  for (let round = 0; round <= comparison.rounds; round++) {
    for (const side of turned(sides, round)) {
      const sample = await measure(side, round, startCpu)
      if (round > 0) samples.get(side)?.push(sample)
    }
  }
  const floor = samples.get(comparison.floor) ?? []
  return comparison.workloads.map((side) => summarize(side, samples.get(side) ?? [], { comparison, floor }))
}

async function measure(side: Side, round: number, startCpu: CpuMeter): Promise<Sample> {
  await side.prepare?.(round)
  collectGarbage()
  const stopCpu = startCpu()
  const wall = await side.run(round)
  const cpu = stopCpu()
  await side.check(round)
  return { wall, cpu }
}

function turned(sides: Side[], round: number): Side[] {
  const first = round % sides.length
  return [...sides.slice(first), ...sides.slice(0, first)]
}

type Against = { comparison: Comparison; floor: Sample[] }

function summarize(side: Side, samples: Sample[], { comparison, floor }: Against): Compared {
  const wallOf = (sample: Sample): number => sample.wall
  const cpuOf = (sample: Sample): number => (sample.cpu === null ? 0 : totalCpu(sample.cpu))
  const parts = cpuParts(samples)
  return {
    kind: 'compared',
    name: side.name,
    floorName: comparison.floor.name,
    wall: against(samples.map(wallOf), floor.map(wallOf)),
    cpu: parts && { ...against(samples.map(cpuOf), floor.map(cpuOf)), parts },
    target: side.target ?? null,
    rounds: comparison.rounds,
  }
}

function against(workload: number[], floor: number[]): { floor: number; workload: number; ratio: Ratio } {
  const ratios = workload.map((value, round) => value / (floor[round] ?? Number.NaN))
  const ratio = { median: median(ratios), low: Math.min(...ratios), high: Math.max(...ratios) }
  return { floor: median(floor), workload: median(workload), ratio }
}

function cpuParts(samples: Sample[]): Cpu | null {
  const all = samples.flatMap(({ cpu }) => cpu ?? [])
  if (all.length === 0) return null
  const part = (name: keyof Cpu): number => median(all.map((cpu) => cpu[name]))
  return { node: part('node'), postgres: part('postgres'), browser: part('browser') }
}
