/**
 * Which tables the server has marked, and which it does not capture now (P17.8).
 *
 * A mark comes with a pull and stays until a verification that began after it has been through the table. Marks are
 * counted, so that one which comes meanwhile is not taken for the one that is being answered.
 */
import type { PullResponse } from '@landfall/protocol'
import type { SqliteDriver } from '../ports.ts'
import { numberIn, textIn } from './cells.ts'

export type Gap = {
  table: string
  /** The server does not log all its changes now. */
  uncaptured: boolean
  /** Marks that no verification has answered. */
  marks: number
}

export function readGaps(driver: SqliteDriver): Gap[] {
  return driver
    .prepare('SELECT table_name, uncaptured, marks FROM landfall_gaps ORDER BY table_name')
    .all([])
    .map(([table, uncaptured, marks]) => ({
      table: textIn(table),
      uncaptured: uncaptured === 1,
      marks: numberIn(marks),
    }))
}

/** With the pull that tells it. */
export function recordGaps(driver: SqliteDriver, { marked, uncaptured }: PullResponse): void {
  if (marked.length + uncaptured.length === 0 && readGaps(driver).length === 0) return
  driver.exec('UPDATE landfall_gaps SET uncaptured = 0')
  driver
    .prepare('INSERT INTO landfall_gaps VALUES (?, 1, 0) ON CONFLICT DO UPDATE SET uncaptured = 1')
    .runColumns([uncaptured])
  driver
    .prepare('INSERT INTO landfall_gaps VALUES (?, 0, 1) ON CONFLICT DO UPDATE SET marks = marks + 1')
    .runColumns([marked])
  forgetClosed(driver)
}

/** A verification that began at so many marks has been through the table. */
export function answerMarks(driver: SqliteDriver, { table, marks }: Pick<Gap, 'table' | 'marks'>): void {
  driver.prepare('UPDATE landfall_gaps SET marks = 0 WHERE table_name = ? AND marks = ?').run([table, marks])
  forgetClosed(driver)
}

/** Everything is loaded again: what was marked comes anew. */
export function forgetGaps(driver: SqliteDriver): void {
  driver.exec('DELETE FROM landfall_gaps')
}

function forgetClosed(driver: SqliteDriver): void {
  driver.exec('DELETE FROM landfall_gaps WHERE uncaptured = 0 AND marks = 0')
}
