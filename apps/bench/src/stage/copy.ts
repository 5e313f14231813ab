/**
 * COPY of rows from a file that the server reads itself: the least Postgres can do for rows from outside, and no driver's
 * COPY stream in between.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { WireColumns, WireValue } from '@landfall/protocol'
import type { Database } from '@landfall/server'
import { columnNames, rowsOf } from '../shared/rows.ts'

export function writeCopyFile(folder: string, rows: WireColumns): void {
  writeFileSync(fileIn(folder), rowsOf(rows).map(encodeLine).join(''), { mode: 0o644 })
}

/** Copies the rows written last; gives the wall milliseconds. */
export async function copyFile(database: Database, folder: string, into: string): Promise<number> {
  const sql = `COPY ${into} (${columnNames.join(', ')}) FROM '${fileIn(folder)}'`
  const start = performance.now()
  await database.transaction({ isolation: 'read committed', readOnly: false }, (tx) => tx.query(sql))
  return performance.now() - start
}

const fileIn = (folder: string): string => join(folder, 'rows.copy')

function encodeLine(row: WireValue[]): string {
  return `${row.map((value) => (value === null ? '\\N' : value.replace(/[\\\t\n\r]/g, (c) => `\\${c}`))).join('\t')}\n`
}
