/** The result as markdown: ratios first, each with its range, wall and CPU side by side. */
import type { Machine } from './machine.ts'
import type { Compared, Ratio } from './runner/compare.ts'
import type { Latency } from './workloads/remote-change.ts'

export type Result = Compared | Latency

export type Report = {
  date: string
  machine: Machine
  versions: Record<string, string>
  results: Result[]
}

export function formatReport({ date, machine, versions, results }: Report): string {
  const compared = results.filter((result) => result.kind === 'compared')
  const latencies = results.filter((result) => result.kind === 'latency')
  return [
    `# Bench of ${date}`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.system}; ${list({ Node: machine.node, ...versions })}.`,
    'Ratios are medians over rounds in which floor and workload take turns, with their range in brackets. The times beside them belong to this machine and moment; only compare what stands in one line.',
    ...(compared.length > 0 ? [comparedTable(compared)] : []),
    ...(compared.some(({ cpu }) => cpu !== null) ? [partsTable(compared)] : []),
    ...(latencies.length > 0 ? [latencyTable(latencies)] : []),
  ].join('\n\n')
}

function comparedTable(results: Compared[]): string {
  const rows = results.map(({ name, floorName, wall, cpu, target, rounds }) => [
    name,
    floorName,
    ratio(wall.ratio),
    cpu === null ? '–' : ratio(cpu.ratio),
    target === null ? '–' : `${wall.ratio.median <= target ? 'met' : 'missed'}: ≤ ${target}`,
    `${ms(wall.floor)} → ${ms(wall.workload)}`,
    cpu === null ? '–' : `${ms(cpu.floor)} → ${ms(cpu.workload)}`,
    `${rounds}`,
  ])
  return table(
    ['workload', 'floor', 'wall ratio', 'CPU ratio', 'target', 'wall ms', 'CPU ms', 'rounds'],
    rows,
  )
}

function partsTable(results: Compared[]): string {
  const rows = results.flatMap(({ name, cpu }) =>
    cpu === null ? [] : [[name, ms(cpu.parts.browser), ms(cpu.parts.node), ms(cpu.parts.postgres)]],
  )
  return table(['CPU ms of', 'browser', 'Node', 'Postgres'], rows)
}

function latencyTable(results: Latency[]): string {
  const rows = results.map(({ name, count, p50, p95, cpu, target }) => [
    name,
    p50.toFixed(1),
    p95.toFixed(1),
    cpu === null ? '–' : cpu.toFixed(1),
    target === null ? '–' : `${p50 < target ? 'met' : 'missed'}: p50 < ${target}`,
    `${count}`,
  ])
  return table(['latency', 'p50 ms', 'p95 ms', 'CPU ms each', 'target', 'changes'], rows)
}

function table(head: string[], rows: string[][]): string {
  const widths = head.map((title, c) => Math.max(title.length, ...rows.map((row) => row[c]?.length ?? 0)))
  const line = (cells: string[]): string =>
    `| ${cells.map((cell, c) => cell.padEnd(widths[c] ?? 0)).join(' | ')} |`
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}

const ratio = ({ median, low, high }: Ratio): string =>
  `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`

const ms = (value: number): string => value.toFixed(value < 10 ? 1 : 0)

const list = (versions: Record<string, string>): string =>
  Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ')
