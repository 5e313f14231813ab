/**
 * The floor of a first load: the same rows, already in memory in their stored form, inserted in one transaction into the
 * same tables on the same VFS; in key order, as the server's pages come.
 */
import { type OpfsDatabase, openOpfs, platformClock } from '@landfall/engine'
import type { SqliteValue } from '@landfall/schema'
import { mirrorDdl } from '@landfall/schema/internal'
import { generateRows, type RowsOptions, sortRows, storedColumns } from '../shared/rows.ts'
import { sync } from '../shared/schema.ts'
import { insertSql } from './insert-sql.ts'
import { countRows } from './local.ts'

let columns: SqliteValue[][] = []
let loaded: OpfsDatabase | undefined

export async function prepareLoad(options: RowsOptions): Promise<void> {
  columns = storedColumns(sortRows(generateRows(options)))
}

/** From nothing to all rows in an open database; opening is part of it, as it is of `openLandfall`. */
export async function load({ directory }: { directory: string }): Promise<number> {
  const start = performance.now()
  loaded = await openOpfs({ directory, clock: platformClock })
  const { driver } = loaded
  for (const statement of mirrorDdl(sync.manifest)) driver.exec(statement)
  driver.prepare('BEGIN').run([])
  driver.prepare(insertSql).runColumns(columns)
  driver.prepare('COMMIT').run([])
  return performance.now() - start
}

export async function unload(): Promise<number> {
  if (!loaded) throw new Error('load first')
  const count = countRows(loaded)
  await loaded.remove()
  loaded = undefined
  return count
}
