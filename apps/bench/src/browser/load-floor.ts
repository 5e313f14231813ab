/**
 * The floor of a first load: the same rows, already in memory in their stored form, inserted in one transaction into the
 * same tables on the same VFS; in key order, as the server's pages come.
 */
import { openOpfs, platformClock } from '@landfall/engine'
import { mirrorDdl, type SqliteValue } from '@landfall/schema'
import { generateRows, type RowsOptions, sortRows, storedColumns } from '../shared/rows.ts'
import { sync } from '../shared/schema.ts'
import { insertSql } from './insert-sql.ts'
import { countRows } from './local.ts'

let columns: SqliteValue[][] = []

export async function prepareLoad(options: RowsOptions): Promise<number> {
  columns = storedColumns(sortRows(generateRows(options)))
  return 0
}

/** From nothing to all rows in an open database; opening is part of it, as it is of `openLandfall`. */
export async function load({ directory }: { directory: string }): Promise<number> {
  const start = performance.now()
  const database = await openOpfs({ directory, clock: platformClock })
  const { driver } = database
  for (const statement of mirrorDdl(sync.manifest)) driver.exec(statement)
  driver.prepare('BEGIN').run([])
  driver.prepare(insertSql).runColumns(columns)
  driver.prepare('COMMIT').run([])
  const ms = performance.now() - start
  if (countRows(database) !== columns[0]?.length) throw new Error('The rows are not there.')
  await database.remove()
  return ms
}
