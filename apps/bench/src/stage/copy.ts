/**
 * COPY of rows from a file that the server reads itself: the least Postgres can do for rows from outside, and no driver's
 * COPY stream in between.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { WireColumns, WireValue } from '@landfall/protocol'
import type { Database } from '@landfall/server'
import { columnNames, rowsOf } from '../shared/rows.ts'

/** Wall milliseconds of the COPY alone; the file is written before. */
export async function copyRows(
  database: Database,
  folder: string,
  { into, rows }: { into: string; rows: WireColumns },
): Promise<number> {
  const file = join(folder, 'rows.copy')
  writeFileSync(file, rowsOf(rows).map(encodeLine).join(''), { mode: 0o644 })
  const sql = `COPY ${into} (${columnNames.join(', ')}) FROM '${file}'`
  const start = performance.now()
  await database.transaction({ isolation: 'read committed', readOnly: false }, (tx) => tx.query(sql))
  return performance.now() - start
}

function encodeLine(row: WireValue[]): string {
  return `${row.map((value) => (value === null ? '\\N' : value.replace(/[\\\t\n\r]/g, (c) => `\\${c}`))).join('\t')}\n`
}
