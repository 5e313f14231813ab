/** A store over a fresh in-memory database, with a hand-set clock and small helpers to write and read. */
import {
  changesetNumber,
  type Clock,
  encodeHlc,
  historyId,
  hlcFromTime,
  LandfallError,
  type Manifest,
  type PullResponse,
  type Randomness,
  type ScopeKey,
  snapshotText,
  type TablePatch,
  userId,
} from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import { openMemory } from '../../src/adapters/sqlite-wasm.ts'
import type { SqliteDriver } from '../../src/ports.ts'
import { openStore } from '../../src/store/open-store.ts'
import type { Store } from '../../src/store/store.ts'

export type TestClock = Clock & { time: number }

export function testClock(time = Date.UTC(2026, 10, 1)): TestClock {
  const clock = { time, now: () => clock.time, after: () => () => undefined }
  return clock
}

export const randomness: Randomness = {
  number: () => 0.5,
  uuid: () => '00000000-0000-4000-8000-000000000001',
}

export type World = {
  driver: SqliteDriver
  store: Store
  /** Statements of one local transaction; returns its number. */
  write(...statements: (string | [string, ...SqliteValue[]])[]): number | null
  rows(sql: string, ...params: SqliteValue[]): SqliteValue[][]
}

export async function openWorld(manifest: Manifest, existing?: SqliteDriver): Promise<World> {
  const driver = existing ?? (await openMemory())
  const store = openStore(driver, manifest, { clock: testClock(), randomness })
  return {
    driver,
    store,
    write(...statements) {
      store.begin()
      try {
        for (const statement of statements) {
          const [sql, ...params] = typeof statement === 'string' ? [statement] : statement
          store.prepareUser(sql).all(params)
        }
      } catch (error) {
        store.rollback()
        throw error
      }
      return store.commit(null).number
    },
    rows: (sql, ...params) => driver.prepare(sql).all(params),
  }
}

export const NO_LIMIT = { changesets: 1_000_000, bytes: 1e12 }

let snapshots = 1

/** A pull that holds nothing but what is given. */
export function pull(parts: Partial<PullResponse> = {}): PullResponse {
  snapshots++
  return {
    cursor: { snapshot: snapshotText(`${snapshots}:${snapshots}:`), history: historyId('h1') },
    acknowledged: changesetNumber(0),
    user: userId('alice'),
    hlc: encodeHlc(hlcFromTime(0)),
    gained: [],
    lost: [],
    tables: [],
    rejections: [],
    conflicts: [],
    marked: [],
    uncaptured: [],
    ...parts,
  }
}

export function patch(table: string, parts: Partial<TablePatch>): TablePatch {
  return { table, truncated: false, rows: [], removed: [], ...parts }
}

export const scope = (key: string): ScopeKey => key as ScopeKey

/** Rows to columns. */
export function columns(rows: (string | null)[][]): (string | null)[][] {
  return (rows[0] ?? []).map((_, c) => rows.map((row) => row[c] ?? null))
}

export function codeOf(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    return error instanceof LandfallError ? error.code : `not coded: ${String(error)}`
  }
  return 'no error'
}
