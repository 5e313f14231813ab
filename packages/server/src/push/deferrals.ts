/**
 * Changesets of one client that are put off (P8.8): what fails through no fault of its own, and what has to wait with it.
 *
 * The client learns of them by its next pull and moves them behind all others. Until it says so (`moved`), numbers of before
 * are still on their way; so the server keeps which rows the deferred ones touch, and defers whatever depends on them.
 * Rows beyond a number are not kept: then everything waits until the client has moved them.
 */
import {
  type Changeset,
  type ChangesetNumber,
  type Deferral,
  encodeError,
  type ErrorData,
  Followers,
  LandfallError,
  type Manifest,
  type TouchedRow,
  touchedRows,
} from '@landfall/protocol'
import type { Tx } from '../database/database.ts'
import type { ServerContext } from '../context.ts'

/** Rows of all deferred changesets of one client that are kept. */
const MOST_ROWS = 20_000

/** Deferred changesets of one client that are kept; a device moves them with its next pull. */
const MOST_DEFERRED = 10_000

/** Reasons that are nobody's whose change it is: it may land the next time. */
const PASSING: ReadonlySet<string> = new Set(['not_taken', 'database_failed', 'took_too_long'])

/** A full disk, too little memory, a shutdown: nobody's change is ever rejected for it. */
const OF_THE_SERVER = /^(53|57P|58)/

/** What a changeset meets that refers to a row, or a scope, that a deferred one brings into being. */
const ORPHANED: ReadonlySet<string> = new Set(['foreign_key_violation', 'forbidden', 'row_missing'])

const WAITS: ErrorData = encodeError(new LandfallError('waits_for_earlier'))

type Kept = Deferral & { rows: TouchedRow[] | null }

export class Deferrals {
  readonly #followers: Followers
  readonly #most: number
  readonly #added = new Map<ChangesetNumber, Kept>()
  #room = MOST_ROWS
  #open = 0

  /** `most`: how often a changeset is tried before it is rejected. */
  constructor({ tables }: Manifest, most: number) {
    const parents = new Map(tables.map((table) => [table.name, table.parents]))
    this.#followers = new Followers({ parentsOf: (table) => parents.get(table) ?? [] })
    this.#most = most
  }

  /** Those that the client has not moved yet. */
  async read(tx: Tx, { deferrals }: ServerContext['bookkeeping'], client: string): Promise<void> {
    const rows = await tx.query(`SELECT touched::text AS touched FROM ${deferrals} WHERE client = $1`, [
      client,
    ])
    this.#open = rows.length
    for (const { touched } of rows) this.#keep(JSON.parse(touched ?? 'null') as TouchedRow[] | null)
  }

  /** The client does not move what is deferred: nothing more of it is taken. */
  get isFull(): boolean {
    return this.#open >= MOST_DEFERRED
  }

  #keep(rows: TouchedRow[] | null): TouchedRow[] | null {
    this.#room -= rows?.length ?? Number.POSITIVE_INFINITY
    if (rows === null || this.#room < 0) return null
    this.#followers.add(rows)
    return rows
  }

  /** Defers what is not to be tried; null: it is. */
  waiting(changeset: Changeset): Deferral | null {
    const waits = changeset.waits === true || this.#room < 0 || this.#followers.has(changeset)
    return waits ? this.#add(changeset, { error: WAITS, tries: changeset.tries ?? 0 }) : null
  }

  /** Defers what has failed alone; null: it is to be rejected. */
  failed(changeset: Changeset, error: ErrorData): Deferral | null {
    const tries = changeset.tries ?? 0
    if (ORPHANED.has(error.code) && this.#followers.hasInserts)
      return this.#add(changeset, { error: WAITS, tries })
    if (!PASSING.has(error.code)) return null
    const isServers = OF_THE_SERVER.test(String(error.details['sqlstate']))
    if (tries + 1 >= this.#most && !isServers) return null
    return this.#add(changeset, { error, tries: Math.min(tries + 1, this.#most - 1) })
  }

  #add(changeset: Changeset, reason: Omit<Deferral, 'number'>): Deferral {
    const { number } = changeset
    const deferral = { number, ...reason }
    this.#added.set(number, { ...deferral, rows: this.#keep(touchedRows(changeset)) })
    return deferral
  }

  /** Those of this push, with these numbers. */
  async store(
    tx: Tx,
    { deferrals }: ServerContext['bookkeeping'],
    { client, numbers }: { client: string; numbers: readonly ChangesetNumber[] },
  ): Promise<void> {
    const kept = numbers.flatMap((number) => this.#added.get(number) ?? [])
    if (kept.length === 0) return
    await tx.query(
      `
      INSERT INTO ${deferrals} (client, number, error, tries, touched)
      SELECT $1, d.number, d.error, d.tries, d.rows
      FROM json_to_recordset($2::json) AS d(number bigint, error json, tries int, rows json)`,
      [client, JSON.stringify(kept)],
    )
  }
}
