/**
 * Opens the store over a connection: makes or migrates the local tables, then offers them as one `Store`.
 */
import { type Clock, LandfallError, type Manifest, type Randomness } from '@landfall/protocol'
import type { SqliteDriver, SqliteStatement } from '../ports.ts'
import type { Store } from './store.ts'
import { applyPage, applyPull, applyRefusal } from './apply.ts'
import { readBase } from './base-view.ts'
import { createBookkeeping, hasBookkeeping, inTransaction, only, readState, rollBack } from './bookkeeping.ts'
import { numberIn } from './cells.ts'
import { answerMarks, readGaps } from './gaps.ts'
import { readConflicts } from './stored-conflicts.ts'
import { forgetCursor, migrateMirror } from './migrate-mirror.ts'
import { mirrorTables } from './mirror-table.ts'
import { outboxCount, readOutbox, readRejections } from './outbox.ts'
import { createTables } from './tables.ts'
import { outboxDueMs } from './retry-time.ts'
import { applyRepair } from './repair.ts'
import { readScopes } from './scopes.ts'
import { sealChangeset } from './seal.ts'

export type StorePorts = { clock: Clock; randomness: Randomness }

export function openStore(driver: SqliteDriver, manifest: Manifest, ports: StorePorts): Store {
  inTransaction(driver, () => {
    if (!hasBookkeeping(driver)) createBookkeeping(driver, ports.randomness.uuid())
    migrateMirror(driver, manifest)
  })
  const context = { driver, tables: createTables(driver, manifest), clock: ports.clock }
  const makeDurable = createFlush(driver)
  return {
    ...localTransactions(driver, (label) => sealChangeset(context, label)),

    syncState() {
      const { client, cursor, acknowledged, user, lastSyncedAt } = readState(driver)
      const [scopes, gaps] = [readScopes(driver), readGaps(driver)]
      return { client, cursor, acknowledged, user, lastSyncedAt, scopes, gaps }
    },
    readOutbox(limits) {
      makeDurable()
      return readOutbox(driver, limits, ports.clock.now())
    },
    outboxCount: () => outboxCount(driver),
    outboxDueMs: () => outboxDueMs(driver, ports.clock),

    applyPull: (response) => applyPull(context, response),
    refuse: (rejection) => applyRefusal(context, rejection),
    applyPage: (scope, response) => applyPage(context, scope, response),
    loadAgain: () => inTransaction(driver, () => forgetCursor(driver, mirrorTables(manifest).values())),

    readBase: (read) => readBase(context, read),
    repair: (repair) => applyRepair(context, repair),
    answerMarks: (answered) => inTransaction(driver, () => answerMarks(driver, answered)),

    conflicts: () => readConflicts(driver),
    discardConflict: (id) => discard(driver, 'landfall_conflicts', id),
    rejections: () => readRejections(driver),
    discardRejection: (id) => discard(driver, 'landfall_rejections', id),
  }
}

/**
 * What is sent must survive a power cut: else the server knows a number that the device gives again, and takes the later
 * changeset for a repetition. Commits flush by themselves, but not if the database is relaxed; and what a killed program
 * has left in SQLite's log is read at the opening without being flushed.
 */
function createFlush(driver: SqliteDriver): () => void {
  const isRelaxed = numberIn(only(driver, 'PRAGMA synchronous')) < SYNCHRONOUS_FULL
  let isFlushed = false
  return () => {
    if (isFlushed) return
    driver.exec('PRAGMA wal_checkpoint(passive)')
    isFlushed = !isRelaxed
  }
}

const SYNCHRONOUS_FULL = 2

type LocalTransactions = Pick<Store, 'begin' | 'prepareUser' | 'commit' | 'rollback'>

/** SQLite can roll back by itself (`OR ROLLBACK`, a full disk); what follows must not run outside of a transaction. */
function localTransactions(
  driver: SqliteDriver,
  seal: (label: string | null) => ReturnType<Store['commit']>,
): LocalTransactions {
  let open = false

  function checkAlive(): void {
    if (open && !driver.inTransaction())
      throw new LandfallError('transaction_closed', { reason: 'SQLite rolled the transaction back' })
  }

  return {
    begin() {
      driver.prepare('BEGIN').run([])
      open = true
    },
    prepareUser: (sql) => guarded(driver.prepareUser(sql), checkAlive),
    commit(label) {
      try {
        checkAlive()
        const sealed = seal(label)
        commitOrBury(driver)
        return sealed
      } catch (error) {
        rollBack(driver)
        throw error
      } finally {
        open = false
      }
    },
    rollback() {
      open = false
      rollBack(driver)
    },
  }
}

/**
 * A commit whose flush fails stands whole in SQLite's log: the next start would take it for one, though it was refused.
 * A later commit overwrites it there, so one of a number that nobody reads follows at once. If the disk refuses that,
 * too, a program that is killed before its next commit may find the transaction again, whole.
 */
function commitOrBury(driver: SqliteDriver): void {
  try {
    driver.prepare('COMMIT').run([])
  } catch (error) {
    rollBack(driver)
    try {
      const [[version = 0] = []] = driver.prepare('PRAGMA user_version').all([])
      driver.exec(`PRAGMA user_version = ${(Number(version) + 1) % 1_000}`)
    } catch {
      // Said above.
    }
    throw error
  }
}

function guarded(statement: SqliteStatement, check: () => void): SqliteStatement {
  const { columns, readonly } = statement
  return {
    columns,
    readonly,
    all(params) {
      check()
      return statement.all(params)
    },
    allColumns(params) {
      check()
      return statement.allColumns(params)
    },
    run(params) {
      check()
      return statement.run(params)
    },
    runColumns(values) {
      check()
      statement.runColumns(values)
    },
  }
}

function discard(driver: SqliteDriver, table: string, id: string | number): void {
  if (driver.prepare(`DELETE FROM ${table} WHERE id = ?`).run([id]) === 0)
    throw new LandfallError('not_found', { id })
}
