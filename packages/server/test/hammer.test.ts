/**
 * Sixteen programs write with plain SQL while two clients pull (P5, P6): rollbacks, savepoints, transactions that stay
 * open for long, and one that stays open all the time, in another connection. Every pulled state is compared with what
 * the pull's own snapshot saw, exactly, and the sum over all rows that transfers keep is checked as well.
 */
import { decodeSnapshot, isVisible, type PullResponse } from '@landfall/protocol'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Database, Tx } from '../src/database/database.ts'
import { openDatabase } from '../src/database/open-database.ts'
import { noteId } from './support/notes.ts'
import type { PullingClient } from './support/pulling-client.ts'
import { createNotesWorld, type NotesWorld } from './support/world.ts'

const WRITERS = 16
const TRANSACTIONS = 60
const ACCOUNTS = 40
const WRITE = { isolation: 'read committed', readOnly: false } as const

let world: NotesWorld
let writers: Database

/** A deterministic stream of numbers below a bound. */
function dice(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
}

type Written = { inserted: string[]; rolledBack: string[] }

async function writeAll(writer: number): Promise<Written> {
  const roll = dice(writer + 1)
  const written: Written = { inserted: [], rolledBack: [] }
  for (let i = 0; i < TRANSACTIONS; i++) {
    const id = noteId(1_000_000 + writer * 1_000 + i)
    const undone = roll(5) === 0
    await writers
      .transaction(WRITE, (tx) => transfer(tx, { id, undone, roll }))
      .catch((error: unknown) => {
        if (!(error instanceof Error) || error.message !== 'undo') throw error
      })
    ;(undone ? written.rolledBack : written.inserted).push(id)
  }
  return written
}

type Work = { id: string; undone: boolean; roll: (below: number) => number }

/** Moves an amount between two accounts and writes a note, sometimes after an undone savepoint or a long pause. */
async function transfer(tx: Tx, { id, undone, roll }: Work): Promise<void> {
  const first = 1 + roll(ACCOUNTS - 1)
  const accounts = [first, first + 1 + roll(ACCOUNTS - first)]
  // In the order of their keys, so that writers wait for each other but never in a circle.
  await tx.query(`SELECT FROM notes WHERE id = ANY ($1::uuid[]) ORDER BY id FOR UPDATE`, [
    accounts.map(noteId),
  ])
  const [from, to] = roll(2) === 0 ? accounts : accounts.toReversed()
  await tx.query(`UPDATE notes SET amount = amount - 7 WHERE id = $1::uuid`, [noteId(from ?? 1)])
  const savepoint = roll(3)
  if (savepoint === 0) {
    await tx.query('SAVEPOINT s')
    await tx.query(`INSERT INTO notes (id, space_id, title) VALUES ($1::uuid, 2, 'undone')`, [id])
    await tx.query('ROLLBACK TO SAVEPOINT s')
  } else if (savepoint === 1) {
    await tx.query('SAVEPOINT s')
    await tx.query(`UPDATE notes SET done = NOT done WHERE id = $1::uuid`, [noteId(from ?? 1)])
    await tx.query('RELEASE SAVEPOINT s')
  }
  if (roll(10) === 0) await tx.query('SELECT pg_sleep(0.15)')
  await tx.query(`INSERT INTO notes (id, space_id, title, amount) VALUES ($1::uuid, 2, 'written', 0)`, [id])
  await tx.query(`UPDATE notes SET amount = amount + 7 WHERE id = $1::uuid`, [noteId(to ?? 1)])
  if (undone) throw new Error('undo')
}

/** Rows by snapshot, as the server's own transactions saw them. */
type Witness = Map<string, string[]>

/** The same database; every snapshot the server reads in is also read whole, in the same transaction. */
function witnessed(database: Database, witness: Witness): Database {
  return {
    ...database,
    transaction: (options, work) =>
      database.transaction(options, async (tx) => {
        const value = await work(tx)
        if (options.isolation !== 'repeatable read') return value
        const [row] = await tx.query('SELECT pg_current_snapshot()::text AS snapshot')
        const notes = await tx.query(
          `SELECT id, space_id, title, amount, done::text, extra FROM notes WHERE space_id = 2`,
        )
        const texts = notes.map((note) => Object.values(note).join('|'))
        witness.set(row?.['snapshot'] ?? '', texts.sort())
        return value
      }),
  }
}

type Pulled = { responses: PullResponse[]; wrongStates: string[]; wrongSums: number[] }

async function pullUntil(stop: () => boolean, client: PullingClient, witness: Witness): Promise<Pulled> {
  const pulled: Pulled = { responses: [], wrongStates: [], wrongSums: [] }
  for (let last = false; ; last = stop()) {
    const response = await client.pull()
    pulled.responses.push(response)
    const { snapshot } = response.cursor
    const texts = client.texts('notes')
    if (texts.join('\n') !== witness.get(snapshot)?.join('\n')) pulled.wrongStates.push(snapshot)
    const sum = texts.reduce((total, text) => total + Number(text.split('|')[3]), 0)
    if (sum !== ACCOUNTS * 100) pulled.wrongSums.push(sum)
    if (last) return pulled
  }
}

/** How often each row arrived over all pulls. */
function arrivals(pulled: Pulled): Map<string, number> {
  const counts = new Map<string, number>()
  for (const patch of pulled.responses.flatMap((response) => response.tables)) {
    for (const id of patch.rows[0] ?? []) counts.set(id ?? '', (counts.get(id ?? '') ?? 0) + 1)
  }
  return counts
}

let written: Written[]
let pulled: Pulled[]
let foreignXid: bigint

beforeAll(async () => {
  const witness: Witness = new Map()
  world = await createNotesWorld({ wrap: (database) => witnessed(database, witness) })
  writers = await openDatabase(world.url, { connections: WRITERS + 1 })
  await world.run(
    `INSERT INTO notes (id, space_id, title, amount)
     SELECT ('00000000-0000-4000-8000-' || lpad(i::text, 12, '0'))::uuid, 2, 'account', 100
     FROM generate_series(1, ${ACCOUNTS}) i`,
  )
  const clients = [world.client('ann'), world.client('bob')]
  for (const client of clients) await client.load()

  let stopped = false
  await writers.transaction(WRITE, async (tx) => {
    const [row] = await tx.query(
      `INSERT INTO notes (id, space_id, title, amount) VALUES ($1::uuid, 2, 'foreign', 0)
       RETURNING pg_current_xact_id()::text AS xid`,
      [noteId(999)],
    )
    foreignXid = BigInt(row?.['xid'] ?? 0)
    const pulling = clients.map((client) => pullUntil(() => stopped, client, witness))
    written = await Promise.all(Array.from({ length: WRITERS }, (_, writer) => writeAll(writer)))
    stopped = true
    pulled = await Promise.all(pulling)
  })
  for (const [i, client] of clients.entries()) pulled[i]?.responses.push(await client.pull())
})

afterAll(async () => {
  await writers.close()
  await world.close()
})

test('[P6] sixteen writers with rollbacks and savepoints: no row is lost, none is repeated', () => {
  const inserted = written.flatMap((each) => each.inserted)
  const rolledBack = written.flatMap((each) => each.rolledBack)
  expect(inserted.length).toBeGreaterThan(WRITERS * TRANSACTIONS * 0.6)
  expect(rolledBack.length).toBeGreaterThan(50)
  for (const each of pulled) {
    const counts = arrivals(each)
    expect(inserted.filter((id) => counts.get(id) !== 1)).toEqual([])
    expect(rolledBack.filter((id) => counts.has(id))).toEqual([])
    expect(each.responses.length).toBeGreaterThan(20)
  }
})

test('[P5] every pulled state equals the committed snapshot that its cursor names, whole transactions at a time', () => {
  for (const each of pulled) {
    expect(each.wrongStates).toEqual([])
    expect(each.wrongSums).toEqual([])
  }
})

test('[P6.1] a transaction that stays open all the time stalls nothing, and its row arrives once it commits', () => {
  for (const each of pulled) {
    const during = each.responses.slice(0, -1)
    const blind = during.filter(({ cursor }) => !isVisible(decodeSnapshot(cursor.snapshot), foreignXid))
    expect(blind.length).toBe(during.length)
    expect(arrivals({ ...each, responses: during }).has(noteId(999))).toBe(false)
    expect(arrivals(each).get(noteId(999))).toBe(1)
  }
})
