/**
 * The story as rows: the lines in order, and each violation behind the line after which it was found.
 *
 * The table and the picture are two prints of these rows. A line tells of a fault when the fault's name stands at the
 * beginning of what it says, or behind a colon.
 */
import { type Fault, FAULTS } from './faults.ts'
import type { Line, Outcome, Violation } from './outcome.ts'

/** `at` is relative to the first line. */
export type LineRow = { kind: 'line'; at: number; line: Line; fault: Fault | undefined }
export type ViolationRow = { kind: 'violation'; at: number; violation: Violation }
export type StoryRow = LineRow | ViolationRow

export function storyRows({ lines, violations }: Outcome): StoryRow[] {
  const first = lines[0]?.at ?? violations[0]?.at ?? 0
  const found = (from: number, to: number): ViolationRow[] =>
    violations
      .filter(({ line }) => line >= from && line < to)
      .map((violation) => ({ kind: 'violation', at: violation.at - first, violation }))
  const told = lines.flatMap((line, index): StoryRow[] => [
    ...found(index, index + 1),
    { kind: 'line', at: line.at - first, line, fault: faultOf(line) },
  ])
  return [...told, ...found(lines.length, Number.POSITIVE_INFINITY)]
}

/** Longest first: "repeated late" is not "repeated". */
const LONGEST = FAULTS.toSorted((a, b) => b.length - a.length)
const TELLS = new RegExp(`(?:^|: )(${LONGEST.join('|')})(?![\\w-])`)

function faultOf({ what }: Line): Fault | undefined {
  const name = TELLS.exec(what)?.[1]
  return FAULTS.find((fault) => fault === name)
}
