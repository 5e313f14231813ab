/**
 * The outbox: sealed changesets that no pull has acknowledged yet, and the rejections that come out of it.
 */
import {
  changesetNumber,
  encodeHlc,
  hlc,
  LandfallError,
  rowCount,
  type ChangeBlock,
  type Changeset,
  type ChangesetNumber,
  type ErrorData,
  type Hlc,
  type Rejection,
  Standing,
  type Step,
} from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import type { StoredRejection } from '../api.ts'
import type { SqliteDriver } from '../ports.ts'
import type { OutboxLimits } from './store.ts'
import { only } from './bookkeeping.ts'
import { bigintIn, jsonIn, numberIn, numberOrNull, textOrNull } from './cells.ts'
import { isWaiting } from './retry-time.ts'

export type Sealed = {
  number: ChangesetNumber
  hlc: Hlc
  label: string | null
  at: number
  changes: ChangeBlock[]
  steps: Step[] | null
}

/** What a server takes in one push by default, with room to spare: a larger changeset would never leave the device. */
const LARGEST = { rows: 50_000, bytes: 12 << 20 }

export function appendOutbox(driver: SqliteDriver, sealed: Sealed): void {
  const { number, hlc: stamp, label, at, changes } = sealed
  const text = JSON.stringify(changes)
  const steps = sealed.steps === null ? null : JSON.stringify(sealed.steps)
  refuseTooLarge(sealed, text + (steps ?? ''))
  driver
    .prepare(
      `INSERT INTO landfall_outbox (number, hlc, label, at, changes, steps, bytes)
       VALUES (?1, ?2, ?3, ?4, ?5, ?6, octet_length(?5) + coalesce(octet_length(?6), 0))`,
    )
    .run([number, stamp, label, at, text, steps])
}

/** A row counts once for its net change and once for each value in between. */
function refuseTooLarge({ changes, steps }: Sealed, text: string): void {
  const between = (steps ?? []).filter((step) => 'values' in step).length
  const rows = changes.reduce((sum, { keys }) => sum + rowCount(keys), between)
  // A UTF-16 unit is at most three bytes of UTF-8; most texts need not be measured.
  const bytes = text.length * 3 <= LARGEST.bytes ? 0 : new TextEncoder().encode(text).length
  if (rows > LARGEST.rows || bytes > LARGEST.bytes)
    throw new LandfallError('too_large', { rows, bytes, limits: LARGEST })
}

/** From the front, within the limits, but at least one when there is any. */
export function readOutbox(driver: SqliteDriver, limits: OutboxLimits, now: number): Changeset[] {
  const last = lastWithin(driver, limits)
  return driver
    .prepare(
      'SELECT number, hlc, label, changes, steps, tries, retry_at FROM landfall_outbox WHERE number <= ? ORDER BY number',
    )
    .all([last])
    .map((row) => {
      const [tries = 0, retryAt = null] = row.slice(-2)
      return {
        ...changesetOf(row),
        ...(numberIn(tries) > 0 ? { tries: numberIn(tries) } : {}),
        ...(isWaiting(numberOrNull(retryAt), now) ? { waits: true } : {}),
      }
    })
}

function changesetOf([number, stamp, label, changes, steps]: SqliteValue[]): Changeset {
  return {
    number: changesetNumber(numberIn(number)),
    hlc: encodeHlc(hlc(bigintIn(stamp))),
    label: textOrNull(label),
    changes: jsonIn(changes) as ChangeBlock[], // written by appendOutbox
    ...(steps === null || steps === undefined ? {} : { steps: jsonIn(steps) as Step[] }),
  }
}

function lastWithin(driver: SqliteDriver, limits: OutboxLimits): number {
  const sizes = driver
    .prepare('SELECT number, bytes FROM landfall_outbox ORDER BY number LIMIT ?')
    .all([Math.max(1, limits.changesets)])
  let last = 0
  let total = 0
  for (const [number, bytes] of sizes) {
    total += numberIn(bytes)
    if (last !== 0 && total > limits.bytes) break
    last = numberIn(number)
  }
  return last
}

export const outboxCount = (driver: SqliteDriver): number =>
  numberIn(only(driver, 'SELECT count(*) FROM landfall_outbox'))

/** Sets the rejected ones aside with their reasons, then drops what has a verdict. */
export function acknowledge(driver: SqliteDriver, upTo: ChangesetNumber, rejections: Rejection[]): void {
  const setAside = driver.prepare(`
    INSERT INTO landfall_rejections (number, label, at, error, changes, steps)
    SELECT number, label, at, ?2, changes, steps FROM landfall_outbox WHERE number = ?1
  `)
  for (const { number, error } of rejections) setAside.run([number, JSON.stringify(error)])
  if (rejections.length > 0) rebase(driver, upTo, new Set(rejections.map(({ number }) => number)))
  driver.prepare('DELETE FROM landfall_outbox WHERE number <= ?').run([upTo])
}

const REBASED_AT_ONCE = 100

/** What follows a rejected changeset has seen the last values that stood, not those that never did. */
function rebase(driver: SqliteDriver, upTo: ChangesetNumber, rejected: ReadonlySet<ChangesetNumber>): void {
  const standing = new Standing()
  const last = Math.max(...rejected)
  let next = Math.min(...rejected)
  for (let part = readFrom(driver, next); part.length > 0; part = readFrom(driver, next)) {
    for (const changeset of part) {
      const { number } = changeset
      if (number > last && standing.isEmpty) return
      const rebased = standing.rebase(changeset)
      if (rejected.has(number)) standing.reject(rebased)
      else standing.keep(rebased)
      if (rebased !== changeset && number > upTo) rewrite(driver, rebased)
      next = number + 1
    }
  }
}

export function readFrom(driver: SqliteDriver, number: number): Changeset[] {
  return driver
    .prepare(
      'SELECT number, hlc, label, changes, steps FROM landfall_outbox WHERE number >= ? ORDER BY number LIMIT ?',
    )
    .all([number, REBASED_AT_ONCE])
    .map(changesetOf)
}

function rewrite(driver: SqliteDriver, { number, changes, steps }: Changeset): void {
  driver
    .prepare(
      `UPDATE landfall_outbox SET changes = ?2, steps = ?3,
        bytes = octet_length(?2) + coalesce(octet_length(?3), 0) WHERE number = ?1`,
    )
    .run([number, JSON.stringify(changes), steps === undefined ? null : JSON.stringify(steps)])
}

export function readRejections(driver: SqliteDriver): StoredRejection[] {
  return driver
    .prepare('SELECT id, label, at, error, changes FROM landfall_rejections ORDER BY id')
    .all([])
    .map(([id, label, at, error, changes]) => ({
      id: numberIn(id),
      label: textOrNull(label),
      at: numberIn(at),
      error: jsonIn(error) as ErrorData, // written by acknowledge
      changes: jsonIn(changes),
    }))
}
