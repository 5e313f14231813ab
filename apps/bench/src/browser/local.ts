/**
 * Local writes in the worker: through the store with capture, and through the same driver without.
 *
 * Both databases have the same VFS, pragmas and tables and are open side by side, so that they grow alike.
 */
import {
  type OpfsDatabase,
  openOpfs,
  openStore,
  platformClock,
  platformRandomness,
  type SqliteStatement,
} from '@landfall/engine'
import type { SqliteValue } from '@landfall/schema'
import { mirrorDdl } from '@landfall/schema/internal'
import { generateRows, type RowsOptions, rowsOf, storedColumns } from '../shared/rows.ts'
import { sync } from '../shared/schema.ts'
import { insertSql } from './insert-sql.ts'
import type { LocalSideName } from './worker-calls.ts'

type LocalSide = {
  begin(): void
  prepare(sql: string): SqliteStatement
  commit(): void
  database: OpfsDatabase
}

type On = { side: LocalSideName }

const sides = new Map<LocalSideName, LocalSide>()
let rows: SqliteValue[][] = []

export async function openLocal({ directory }: { directory: string }): Promise<void> {
  sides.set('bare', openBare(await openPool(`${directory}-bare`)))
  sides.set('captured', openCaptured(await openPool(`${directory}-captured`)))
}

export async function prepareLocal(options: RowsOptions): Promise<void> {
  rows = rowsOf(storedColumns(generateRows(options)))
}

export async function bulk(on: On): Promise<number> {
  const side = sideOf(on)
  const start = performance.now()
  side.begin()
  const insert = side.prepare(insertSql)
  for (const row of rows) insert.run(row)
  side.commit()
  return performance.now() - start
}

export async function singles(on: On): Promise<number> {
  const side = sideOf(on)
  const start = performance.now()
  for (const row of rows) {
    side.begin()
    side.prepare(insertSql).run(row)
    side.commit()
  }
  return performance.now() - start
}

export async function countLocal(on: On): Promise<number> {
  return countRows(sideOf(on).database)
}

export async function closeLocal(): Promise<void> {
  for (const { database } of sides.values()) await database.remove()
  sides.clear()
}

export function countRows({ driver }: OpfsDatabase): number {
  const [[count] = []] = driver.prepare('SELECT count(*) FROM items').all([])
  return Number(count)
}

function sideOf({ side: name }: On): LocalSide {
  const side = sides.get(name)
  if (!side) throw new Error('openLocal first')
  return side
}

function openPool(directory: string): Promise<OpfsDatabase> {
  return openOpfs({ directory, clock: platformClock })
}

function openBare(database: OpfsDatabase): LocalSide {
  const { driver } = database
  for (const statement of mirrorDdl(sync.manifest)) driver.exec(statement)
  return {
    begin: () => void driver.prepare('BEGIN').run([]),
    prepare: (sql) => driver.prepare(sql),
    commit: () => void driver.prepare('COMMIT').run([]),
    database,
  }
}

function openCaptured(database: OpfsDatabase): LocalSide {
  const ports = { clock: platformClock, randomness: platformRandomness }
  const store = openStore(database.driver, sync.manifest, ports)
  return {
    begin: () => store.begin(),
    prepare: (sql) => store.prepareUser(sql),
    commit: () => void store.commit(null),
    database,
  }
}
