/** Conflict records as the server decided them, kept until somebody discards them (P7). */
import { decodeHlc, timeOfHlc, type ConflictRecord } from '@landfall/protocol'
import type { StoredConflict } from '../api.ts'
import type { SqliteDriver } from '../ports.ts'
import { jsonIn, numberIn } from './cells.ts'

/** A record that is here already is not taken twice. */
export function recordConflicts(driver: SqliteDriver, conflicts: ConflictRecord[]): void {
  driver
    .prepare('INSERT OR IGNORE INTO landfall_conflicts VALUES (?, ?, ?, ?)')
    .runColumns([
      conflicts.map(({ id }) => id),
      conflicts.map(({ hlc }) => timeOfHlc(decodeHlc(hlc))),
      conflicts.map(({ table }) => table),
      conflicts.map((conflict) => JSON.stringify(conflict)),
    ])
}

export function readConflicts(driver: SqliteDriver): StoredConflict[] {
  return driver
    .prepare('SELECT at, record FROM landfall_conflicts ORDER BY at, id')
    .all([])
    .map(([at, record]) => ({ ...(jsonIn(record) as ConflictRecord), at: numberIn(at) })) // as recorded
}
