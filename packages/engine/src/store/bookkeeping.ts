/**
 * Landfall's own tables in the local database, readable by plain SQL, and the one row of state.
 *
 * The state row holds what must change together with rows: the number of the next changeset, the clock, the cursor.
 * `landfall_guard` switches capture: 1 always, 0 only inside the transactions that apply what the server sent.
 */
import {
  changesetNumber,
  clientId,
  historyId,
  hlc,
  LandfallError,
  snapshotText,
  userId,
  type ChangesetNumber,
  type ClientId,
  type Cursor,
  type Hlc,
  type UserId,
} from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import type { SqliteDriver } from '../ports.ts'
import { bigintIn, numberIn, numberOrNull, textIn } from './cells.ts'

const GAPS = `
  CREATE TABLE landfall_gaps (
    table_name TEXT PRIMARY KEY,
    uncaptured INTEGER NOT NULL,
    marks INTEGER NOT NULL
  ) STRICT;
`

/** How a file of each format becomes one of the next. Formats count from 1; a file of a later one is refused. */
const STEPS = [
  'ALTER TABLE landfall_state RENAME COLUMN reloading TO loading_again',
  'ALTER TABLE landfall_outbox ADD COLUMN steps TEXT; ALTER TABLE landfall_rejections ADD COLUMN steps TEXT',
  GAPS,
  `ALTER TABLE landfall_outbox ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE landfall_outbox ADD COLUMN reason TEXT;
   ALTER TABLE landfall_outbox ADD COLUMN retry_at INTEGER`,
]
const FORMAT = STEPS.length + 1

const TABLES = `
  CREATE TABLE landfall_state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    format INTEGER NOT NULL,
    client TEXT NOT NULL,
    next_number INTEGER NOT NULL,
    hlc INTEGER NOT NULL,
    acknowledged INTEGER NOT NULL,
    snapshot TEXT,
    history TEXT,
    user_id TEXT,
    last_synced_at INTEGER,
    loading_again INTEGER NOT NULL,
    manifest_hash TEXT NOT NULL,
    manifest TEXT NOT NULL
  ) STRICT;
  CREATE TABLE landfall_guard (capturing INTEGER NOT NULL) STRICT;
  INSERT INTO landfall_guard VALUES (1);
  CREATE TABLE landfall_outbox (
    number INTEGER PRIMARY KEY,
    hlc INTEGER NOT NULL,
    label TEXT,
    at INTEGER NOT NULL,
    changes TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    steps TEXT,
    tries INTEGER NOT NULL DEFAULT 0,
    reason TEXT,
    retry_at INTEGER
  ) STRICT;
  CREATE TABLE landfall_rejections (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    number INTEGER NOT NULL,
    label TEXT,
    at INTEGER NOT NULL,
    error TEXT NOT NULL,
    changes TEXT NOT NULL,
    steps TEXT
  ) STRICT;
  CREATE TABLE landfall_conflicts (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    table_name TEXT NOT NULL,
    record TEXT NOT NULL
  ) STRICT;
  CREATE TABLE landfall_scopes (
    scope TEXT PRIMARY KEY,
    ready INTEGER NOT NULL,
    loaded INTEGER NOT NULL,
    position TEXT
  ) STRICT;
  ${GAPS}
`

export type State = {
  client: ClientId
  nextNumber: ChangesetNumber
  hlc: Hlc
  acknowledged: ChangesetNumber
  cursor: Cursor | null
  user: UserId | null
  lastSyncedAt: number | null
  /** After `loadAgain`, until every scope has been loaded again. */
  loadingAgain: boolean
}

/** The names under which `updateState` changes the row. */
type StateColumn =
  | 'next_number'
  | 'hlc'
  | 'acknowledged'
  | 'snapshot'
  | 'history'
  | 'user_id'
  | 'last_synced_at'
  | 'loading_again'
  | 'manifest_hash'
  | 'manifest'

export function createBookkeeping(driver: SqliteDriver, client: string): void {
  driver.exec(TABLES)
  driver
    .prepare("INSERT INTO landfall_state VALUES (1, ?, ?, 1, 0, 0, NULL, NULL, NULL, NULL, 0, '', '')")
    .run([FORMAT, client])
}

/** Whether the file holds a database of Landfall already, brought to the format of today; throws for one of a later format. */
export function hasBookkeeping(driver: SqliteDriver): boolean {
  const found = driver.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'landfall_state'").all([])
  if (found.length === 0) return false
  const format = Number(only(driver, 'SELECT format FROM landfall_state'))
  if (format < FORMAT) bringForward(driver, format)
  if (format <= FORMAT) return true
  throw new LandfallError('storage_newer', { format })
}

/** Inside the transaction that opens the store. */
function bringForward(driver: SqliteDriver, format: number): void {
  for (const step of STEPS.slice(format - 1)) driver.exec(step)
  driver.prepare('UPDATE landfall_state SET format = ?').run([FORMAT])
}

const READ_STATE = `
  SELECT client, next_number, hlc, acknowledged, snapshot, history, user_id, last_synced_at, loading_again
  FROM landfall_state
`

export function readState(driver: SqliteDriver): State {
  const [row = []] = driver.prepare(READ_STATE).all([])
  const [client, next, stamp, acknowledged, snapshot, history, user, lastSyncedAt, loadingAgain] = row
  return {
    client: clientId(textIn(client)),
    nextNumber: changesetNumber(numberIn(next)),
    hlc: hlc(bigintIn(stamp)),
    acknowledged: changesetNumber(numberIn(acknowledged)),
    cursor:
      typeof snapshot === 'string' && typeof history === 'string'
        ? { snapshot: snapshotText(snapshot), history: historyId(history) }
        : null,
    user: typeof user === 'string' ? userId(user) : null,
    lastSyncedAt: numberOrNull(lastSyncedAt),
    loadingAgain: loadingAgain === 1,
  }
}

export function updateState(driver: SqliteDriver, changes: { [Name in StateColumn]?: SqliteValue }): void {
  const names = Object.keys(changes)
  driver
    .prepare(`UPDATE landfall_state SET ${names.map((name) => `${name} = ?`).join(', ')}`)
    .run(Object.values(changes))
}

/** Runs with capture off: for rows that come from the server. Inside a transaction only. */
export function withoutCapture<Result>(driver: SqliteDriver, run: () => Result): Result {
  driver.prepare('UPDATE landfall_guard SET capturing = 0').run([])
  const result = run()
  driver.prepare('UPDATE landfall_guard SET capturing = 1').run([])
  return result
}

/** One transaction, committed when `run` returns and rolled back when it throws. */
export function inTransaction<Result>(driver: SqliteDriver, run: () => Result): Result {
  driver.prepare('BEGIN').run([])
  try {
    const result = run()
    driver.prepare('COMMIT').run([])
    return result
  } catch (error) {
    rollBack(driver)
    throw error
  }
}

/** SQLite may have rolled back by itself: a full disk does. */
export function rollBack(driver: SqliteDriver): void {
  if (driver.inTransaction()) driver.prepare('ROLLBACK').run([])
}

/** The single value of a single row. */
export function only(driver: SqliteDriver, sql: string): SqliteValue {
  return driver.prepare(sql).all([])[0]?.[0] ?? null
}

/** Which of the tables hold a row at all, asked with one statement. */
export function nonEmpty<Table>(
  driver: SqliteDriver,
  tables: readonly Table[],
  nameOf: (table: Table) => string,
): Table[] {
  if (tables.length === 0) return []
  const tests = tables.map((table) => `EXISTS (SELECT 1 FROM ${nameOf(table)})`)
  const [row = []] = driver.prepare(`SELECT ${tests.join(', ')}`).all([])
  return tables.filter((_, index) => row[index] === 1)
}

export const laterHlc = (a: Hlc, b: Hlc): Hlc => hlc(a > b ? a : b)
