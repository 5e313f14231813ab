/**
 * Local writes in the worker: through the store with capture, and through the same driver without.
 *
 * Both databases have the same VFS, pragmas and tables and are open side by side, so that they grow alike.
 */
import {
  openOpfs,
  openStore,
  platformClock,
  platformRandomness,
  type OpfsDatabase,
  type SqliteStatement,
  type Store,
} from '@landfall/engine'
import { mirrorDdl, type SqliteValue } from '@landfall/schema'
import { generateRows, rowsOf, storedColumns } from '../shared/rows.ts'
import { sync } from '../shared/schema.ts'
import { insertSql } from './insert-sql.ts'
import type { LocalSideName } from './worker-calls.ts'

type LocalSide = {
  begin(): void
  prepare(sql: string): SqliteStatement
  commit(): void
  rows(): number
  database: OpfsDatabase
}

const sides = new Map<LocalSideName, LocalSide>()

type Rows = { side: LocalSideName; seed: number; count: number }

export async function openLocal({ directory }: { directory: string }): Promise<number> {
  sides.set('bare', openBare(await openPool(`${directory}-bare`)))
  sides.set('captured', openCaptured(await openPool(`${directory}-captured`)))
  return 0
}

export async function bulk(options: Rows): Promise<number> {
  const { side, rows } = prepare(options)
  return timed(side, rows.length, () => {
    side.begin()
    const insert = side.prepare(insertSql)
    for (const row of rows) insert.run(row)
    side.commit()
  })
}

export async function singles(options: Rows): Promise<number> {
  const { side, rows } = prepare(options)
  return timed(side, rows.length, () => {
    for (const row of rows) {
      side.begin()
      side.prepare(insertSql).run(row)
      side.commit()
    }
  })
}

export async function closeLocal(): Promise<number> {
  for (const { database } of sides.values()) await database.remove()
  sides.clear()
  return 0
}

function prepare({ side: name, seed, count }: Rows): { side: LocalSide; rows: SqliteValue[][] } {
  const side = sides.get(name)
  if (!side) throw new Error('openLocal first')
  return { side, rows: rowsOf(storedColumns(generateRows({ seed, count, space: 1 }))) }
}

function timed(side: LocalSide, count: number, work: () => void): number {
  const before = side.rows()
  const start = performance.now()
  work()
  const ms = performance.now() - start
  if (side.rows() !== before + count) throw new Error('The rows are not there.')
  return ms
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
    rows: () => countRows(database),
    database,
  }
}

function openCaptured(database: OpfsDatabase): LocalSide {
  const ports = { clock: platformClock, randomness: platformRandomness }
  const store: Store = openStore(database.driver, sync.manifest, ports)
  return {
    begin: () => store.begin(),
    prepare: (sql) => store.prepareUser(sql),
    commit: () => void store.commit(null),
    rows: () => countRows(database),
    database,
  }
}

export function countRows({ driver }: OpfsDatabase): number {
  const [[count] = []] = driver.prepare('SELECT count(*) FROM items').all([])
  return Number(count)
}
