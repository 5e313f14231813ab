/**
 * A store on a simulated disk that is killed somewhere in a fixed history of transactions, and the judge of what is
 * found afterwards.
 *
 * The judge knows what the whole database held after each transaction of an undisturbed run. After a death it must hold
 * one of two of them, to the last column of every table (data, outbox and clock): that of the last acknowledged
 * transaction, or that of the one under way. Caches and checkpoints are shrunk, so that a few transactions spill,
 * checkpoint and start the WAL over.
 */
import { openStore, type SqliteDriver, type Store } from '@landfall/engine'
import { defineSync } from '@landfall/schema'
import { createRandom, type Disk } from '@landfall/testkit'
import { createDisk, openDisk } from '@landfall/testkit/internal'
import { pgTable, text } from 'drizzle-orm/pg-core'

const notes = pgTable('notes', { id: text().primaryKey(), owner: text().notNull(), body: text().notNull() })
const { manifest } = defineSync({ tables: { notes }, scopes: { own: { notes: (t) => t.owner } } })

export const clock = { now: () => 1_700_000_000_000, after: () => () => {} }

type Statement = readonly [sql: string, ...params: string[]]

const INSERT = "INSERT INTO notes (id, owner, body) VALUES (?, 'ada', ?)"
const long = (text: string): string => text.repeat(9000)

export const HISTORY: readonly (readonly Statement[])[] = [
  [[INSERT, 'a', 'first']],
  [[INSERT, 'b', 'second'], ["UPDATE notes SET body = 'changed' WHERE id = 'a'"]],
  [[INSERT, 'c', long('c')], [INSERT, 'd', long('d')], ["UPDATE notes SET body = body || '!'"]],
  [["DELETE FROM notes WHERE id IN ('b', 'c')"]],
  [["UPDATE notes SET body = 'short' WHERE id = 'd'"]],
  [[INSERT, 'e', 'last']],
]

/** How the database is kept: `tuned` is run after opening. */
export type Keeping = { relaxed?: boolean; tuned?: string }

const SHRUNK = 'PRAGMA cache_size = 6; PRAGMA wal_autocheckpoint = 12;'

/** Opens the store as a device does, with the same answers from every port each time. */
export async function openNotes(
  disk: Disk,
  keeping: Keeping = {},
): Promise<{ driver: SqliteDriver; store: Store }> {
  const driver = await openDisk(disk, { clock, relaxed: keeping.relaxed ?? false })
  try {
    driver.exec(SHRUNK + (keeping.tuned ?? ''))
    return { driver, store: openNotesStore(driver) }
  } catch (error) {
    driver.close()
    throw error
  }
}

export function openNotesStore(driver: SqliteDriver): Store {
  return openStore(driver, manifest, { clock, randomness: createRandom(7) })
}

export function transact(store: Store, statements: readonly Statement[]): void {
  store.begin()
  try {
    for (const [sql, ...params] of statements) store.prepareUser(sql).run(params)
  } catch (error) {
    store.rollback()
    throw error
  }
  store.commit(null)
}

/** Plays the history until it ends or the disk dies; answers how many transactions were acknowledged. */
export async function play(disk: Disk, keeping: Keeping = {}): Promise<number> {
  let acknowledged = 0
  try {
    const { driver, store } = await openNotes(disk, keeping)
    try {
      for (const statements of HISTORY) {
        transact(store, statements)
        acknowledged++
      }
    } finally {
      driver.close()
    }
  } catch (error) {
    if (!disk.dead) throw error
  }
  return acknowledged
}

/** Everything the database holds, as text. */
export function dump(driver: SqliteDriver): string {
  const found = driver.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name").all([])
  const names = found.map(([name]) => String(name))
  const tables = names.map((name) => [name, driver.prepare(`SELECT * FROM "${name}" ORDER BY 1`).all([])])
  return JSON.stringify(tables, (_, value) => (typeof value === 'bigint' ? `${value}` : value))
}

/** What the database holds after each transaction; the first is the empty one. */
export async function undisturbed(): Promise<string[]> {
  const { driver, store } = await openNotes(createDisk(createRandom(1)))
  const states = [dump(driver)]
  for (const statements of HISTORY) {
    transact(store, statements)
    states.push(dump(driver))
  }
  driver.close()
  return states
}

export type Verdict = 'kept' | 'lost' | 'half' | 'corrupt'

/** Opens what was found after a restart: the acknowledged transactions, and at most the one under way, each whole. */
export async function judge(disk: Disk, acknowledged: number, states: readonly string[]): Promise<Verdict> {
  try {
    const { driver, store } = await openNotes(disk)
    try {
      const [[integrity] = []] = driver.prepare('PRAGMA integrity_check').all([])
      if (integrity !== 'ok') return 'corrupt'
      const found = states.indexOf(dump(driver))
      if (found === -1 || found > acknowledged + 1) return 'half'
      transact(store, [[INSERT, 'z', 'after']]) // it works on
      return found < acknowledged ? 'lost' : 'kept'
    } finally {
      driver.close()
    }
  } catch {
    return 'corrupt'
  }
}
