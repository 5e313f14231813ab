/**
 * The base: the server's last known row under every row with unsent local changes (P3.2).
 *
 * The visible row is always the base with the unsent changes on top. A base row is made when a changeset first
 * touches its row, from the before image; pulls then change the base instead of the visible row; when the last
 * changeset that touched it has been acknowledged, the visible row becomes the base and the base row goes.
 *
 * `landfall_touched` says which changeset last touched which column: `{"title": 12, "*": 9}`, `*` for the insert or
 * delete of the row. `landfall_first` and `landfall_last` are its smallest and greatest number, to find rows fast.
 * `landfall_stale` marks a base that a pull has changed and whose visible row has yet to follow.
 */
import type { ChangeBlock, ChangesetNumber } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import type { SqliteDriver } from '../ports.ts'
import { jsonIn } from './cells.ts'
import { keyIs, sideColumnsDdl, toStored, type MirrorTable } from './mirror-table.ts'
import type { NetChanges } from './net-changes.ts'

const WHOLE_ROW = '*'

export function baseDdl(table: MirrorTable): string {
  return `CREATE TABLE ${table.base} (
  ${sideColumnsDdl(table.columns)},
  landfall_existed INTEGER NOT NULL,
  landfall_touched TEXT NOT NULL,
  landfall_first INTEGER NOT NULL,
  landfall_last INTEGER NOT NULL,
  landfall_stale INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (${table.keyList})
) STRICT, WITHOUT ROWID`
}

export type Base = {
  /** Notes what a sealed changeset touched; the before images are still there. */
  record(number: ChangesetNumber, changes: NetChanges): void
  /** Rows from the server, columns as stored: takes those that have a base row. */
  replace(columns: SqliteValue[][]): void
  /** Keys of rows that the server has no more, or that left the client's scopes. */
  forget(keys: SqliteValue[][]): void
  forgetAll(): void
  /** Changesets have other numbers now: old -> new. */
  renumber(numbers: ReadonlyMap<number, number>): void
  /** Changesets up to this one have had their effect: visible rows follow the base again. True if any did. */
  confirm(upTo: ChangesetNumber): boolean
}

export function createBase(driver: SqliteDriver, table: MirrorTable): Base {
  const sql = baseSql(table)
  return {
    record(number, { blocks, entries }) {
      const whole = blocks.length === 1 && blocks[0]?.firsts.length === entries
      for (const { block } of blocks) recordBlock({ driver, table, sql }, { number, block, whole })
    },
    replace: (columns) => driver.prepare(sql.replace).runColumns(columns),
    forget: (keys) => driver.prepare(sql.forget).runColumns(keys),
    forgetAll: () => driver.exec(`UPDATE ${table.base} SET landfall_existed = 0`),
    renumber: (numbers) => renumber({ driver, table, sql }, numbers),
    confirm(upTo) {
      const confirmed = confirmWhole(driver, sql, upTo)
      const followed = followBase({ driver, table, sql }, upTo)
      return confirmed || followed
    },
  }
}

type Parts = { driver: SqliteDriver; table: MirrorTable; sql: ReturnType<typeof baseSql> }

function baseSql(table: MirrorTable) {
  const { base, before, mirror, columnList, keyList } = table
  const all = `${columnList}, landfall_existed`
  const record = `INSERT INTO ${base} (${all}, landfall_touched, landfall_first, landfall_last)
    SELECT ${all}, ?1, ?2, ?2 FROM ${before} WHERE`
  const merge = `ON CONFLICT DO UPDATE SET
    landfall_touched = json_patch(landfall_touched, excluded.landfall_touched),
    landfall_last = excluded.landfall_last`
  const sets = table.columns.flatMap((column, i) => (column.isKey ? [] : `${column.sql} = ?${i + 1}, `))
  return {
    recordAll: `${record} 1 ${merge}`,
    recordKey: `${record} ${keyIs(table, (_, index) => index + 3)} ${merge}`,
    replace: `UPDATE ${base} SET ${sets.join('')}landfall_existed = 1, landfall_stale = 1
      WHERE ${keyIs(table, (position) => position + 1)}`,
    forget: `UPDATE ${base} SET landfall_existed = 0 WHERE ${keyIs(table, (_, index) => index + 1)}`,
    dropGone: `DELETE FROM ${mirror} WHERE (${keyList}) IN
      (SELECT ${keyList} FROM ${base} WHERE landfall_last <= ?1 AND landfall_existed = 0)`,
    showBase: `INSERT INTO ${mirror} AS landfall_row (${columnList})
      SELECT ${columnList} FROM ${base} WHERE landfall_last <= ?1 AND landfall_existed = 1
      ${upsertClause(table)}`,
    dropConfirmed: `DELETE FROM ${base} WHERE landfall_last <= ?1`,
    unconfirmed: `SELECT landfall_existed, landfall_touched, ${keyList} FROM ${base}
      WHERE landfall_first <= ?1 OR landfall_stale = 1`,
    retouch: `UPDATE ${base} SET landfall_touched = ?1, landfall_first = ?2, landfall_stale = 0
      WHERE ${keyIs(table, (_, index) => index + 3)}`,
  }
}

/**
 * `ON CONFLICT ...` that replaces the columns outside of the key. Needs a WHERE before it after a SELECT, and another name
 * for the table: in one that is itself called `excluded`, each column would be set to itself.
 */
export function upsertClause(table: MirrorTable): string {
  const sets = table.rest.map(({ sql }) => `${sql} = excluded.${sql}`).join(', ')
  return `ON CONFLICT (${table.keyList}) DO ${sets === '' ? 'NOTHING' : `UPDATE SET ${sets}`}`
}

/** `whole`: the block holds every row that has a before image, so that one statement notes them all. */
function recordBlock(
  { driver, table, sql }: Parts,
  { number, block, whole }: { number: ChangesetNumber; block: ChangeBlock; whole: boolean },
): void {
  const names = block.operation === 'update' ? block.columns : [WHOLE_ROW]
  const touched = JSON.stringify(Object.fromEntries(names.map((name) => [name, number])))
  if (whole) {
    driver.prepare(sql.recordAll).run([touched, number])
    return
  }
  const keys = toStored(table.key, block.keys)
  const each = keys[0] ?? []
  driver.prepare(sql.recordKey).runColumns([each.map(() => touched), each.map(() => number), ...keys])
}

/** Rows that no later changeset touches: set-wise. */
function confirmWhole(driver: SqliteDriver, sql: Parts['sql'], upTo: ChangesetNumber): boolean {
  driver.prepare(sql.dropGone).run([upTo])
  driver.prepare(sql.showBase).run([upTo])
  return driver.prepare(sql.dropConfirmed).run([upTo]) > 0
}

/**
 * Rows that a later changeset still touches. A row whose insert or delete is unsent stays as the client sees it; so
 * does one that the server has no more, until its changesets have their verdicts.
 */
function followBase({ driver, table, sql }: Parts, upTo: ChangesetNumber): boolean {
  const found = driver.prepare(sql.unconfirmed).all([upTo])
  for (const [existed, text, ...key] of found) {
    const touched = stillTouched(jsonIn(text) as Touches, upTo)
    const pending = new Set(touched.map(([name]) => name))
    if (existed === 1 && !pending.has(WHOLE_ROW)) showExcept({ driver, table, sql }, pending, key)
    const first = Math.min(...touched.map(([, number]) => number))
    driver.prepare(sql.retouch).run([JSON.stringify(Object.fromEntries(touched)), first, ...key])
  }
  return found.length > 0
}

function renumber({ driver, table }: Parts, numbers: ReadonlyMap<number, number>): void {
  const found = driver
    .prepare(`SELECT landfall_touched, ${table.keyList} FROM ${table.base} WHERE landfall_last >= ?`)
    .all([Math.min(...numbers.keys())])
  const update = driver.prepare(`UPDATE ${table.base}
    SET landfall_touched = ?1, landfall_first = ?2, landfall_last = ?3
    WHERE ${keyIs(table, (_, index) => index + 4)}`)
  for (const [text, ...key] of found) {
    const touched = Object.entries(jsonIn(text) as Touches).map(
      ([name, number]) => [name, numbers.get(number) ?? number] as const,
    )
    const all = touched.map(([, number]) => number)
    update.run([JSON.stringify(Object.fromEntries(touched)), Math.min(...all), Math.max(...all), ...key])
  }
}

/** As recordBlock and retouch write it. */
type Touches = { [column: string]: number }

function stillTouched(touched: Touches, upTo: ChangesetNumber): [name: string, number: number][] {
  return Object.entries(touched).filter(([, number]) => number > upTo)
}

/** The visible row takes the base's values in all columns but the pending ones. */
function showExcept({ driver, table }: Parts, pending: ReadonlySet<string>, key: SqliteValue[]): void {
  const columns = table.rest.filter(({ name }) => !pending.has(name))
  if (columns.length === 0) return
  const sets = columns.map(({ sql }) => `${sql} = b.${sql}`).join(', ')
  const where = table.key
    .map(({ sql }, index) => `t.${sql} = ?${index + 1} AND b.${sql} = ?${index + 1}`)
    .join(' AND ')
  driver.prepare(`UPDATE ${table.mirror} AS t SET ${sets} FROM ${table.base} b WHERE ${where}`).run(key)
}
