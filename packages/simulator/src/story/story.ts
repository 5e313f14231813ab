/**
 * The story of a run as a table for a terminal: time, who, what, state.
 *
 * Cells are cut at a width, since a row that wraps is a row that cannot be scanned; the picture (story-html.ts) has
 * them whole. Violations are never cut, and framed over the table's whole width. With `around` only the lines near
 * violations are told. Columns are aligned by code points: a wide character moves its row by one.
 */
import type { Outcome } from './outcome.ts'
import { type LineRow, type StoryRow, storyRows, type ViolationRow } from './story-rows.ts'
import { counted, cut, faultCounts, relativeTime, virtualHours, visible } from './text.ts'

export type StoryOptions = {
  /** Characters a cell may have. */
  cell?: number
  /** Lines told before and after each violation; all, if there is none. */
  around?: number
}

const CELL = 72
const TITLES = ['time', 'who', 'what', 'state']

export function storyTable(outcome: Outcome, { cell = CELL, around }: StoryOptions = {}): string {
  const rows = storyRows(outcome)
  const told = new Set(around === undefined ? rows : rowsNear(rows, around))
  const cells = new Map(
    rows.flatMap((row) => (row.kind === 'line' && told.has(row) ? [[row, cellsOf(row, cell)] as const] : [])),
  )
  const widths = widthsOf([TITLES, ...cells.values()])
  const total = widths.reduce((sum, width) => sum + width + 2, -2)
  const body = groupsOf(rows, told).map((group) =>
    Array.isArray(group) ? `… ${counted(group.length, 'line')}` : printed(group),
  )
  return [...heading(outcome), '', alignedRow(TITLES, widths), '─'.repeat(total), ...body, ''].join('\n')

  function printed(row: StoryRow): string {
    return row.kind === 'line' ? alignedRow(cells.get(row) ?? [], widths) : framed(row, total)
  }
}

function heading({ seed, steps, virtualMs, faults, violations, digest, lines }: Outcome): string[] {
  const size = [counted(steps, 'step'), counted(lines.length, 'line'), virtualHours(virtualMs)]
  const broken = violations.map(({ promise, who }) => visible(`${promise} (${who})`))
  return [
    `seed      ${seed}: ${size.join(', ')}`,
    `faults    ${faultCounts(faults).join(', ') || 'none'}`,
    `violated  ${broken.join(', ') || 'nothing'}`,
    `digest    ${digest}`,
  ]
}

const cellsOf = ({ at, line }: LineRow, width: number): string[] => [
  relativeTime(at),
  ...[line.who, line.what, line.state].map((text) => cut(visible(text), width)),
]

const lengthOf = (text: string): number => Array.from(text).length

function widthsOf(rows: Iterable<string[]>): number[] {
  const widths = TITLES.map(() => 0)
  for (const cells of rows)
    for (const [column, text] of cells.entries())
      widths[column] = Math.max(widths[column] ?? 0, lengthOf(text))
  return widths
}

function alignedRow(cells: string[], widths: number[]): string {
  const padded = cells.map((text, column) => text + ' '.repeat((widths[column] ?? 0) - lengthOf(text)))
  return padded.join('  ').trimEnd()
}

function framed({ at, violation: { promise, who, what } }: ViolationRow, width: number): string {
  const frame = '!'.repeat(Math.max(width, 40))
  const says = what.split('\n').map((text) => `!!  ${visible(text)}`)
  return [
    frame,
    `!!  VIOLATED ${visible(promise)} at ${relativeTime(at)} by ${visible(who)}`,
    ...says,
    frame,
  ].join('\n')
}

function rowsNear(rows: StoryRow[], around: number): StoryRow[] {
  const places = rows.flatMap((row, index) => (row.kind === 'violation' ? [index] : []))
  if (places.length === 0) return rows
  return rows.filter((_, index) => places.some((place) => Math.abs(place - index) <= around))
}

/** The rows that are told, and lists of those between them that are not. */
function groupsOf(rows: StoryRow[], told: ReadonlySet<StoryRow>): (StoryRow | StoryRow[])[] {
  const groups: (StoryRow | StoryRow[])[] = []
  for (const row of rows) {
    const last = groups.at(-1)
    if (told.has(row)) groups.push(row)
    else if (Array.isArray(last)) last.push(row)
    else groups.push([row])
  }
  return groups
}
