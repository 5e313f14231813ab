/**
 * Pushes that race, repeat themselves, lose their answers and have their backends killed under them.
 *
 * Every vote that takes effect leaves a row in the shop's ledger, so that what took effect twice or never is counted.
 */
import { type Changeset, LandfallError, userId } from '@landfall/protocol'
import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { PostgresError } from '../src/database/database.ts'
import { openDatabase } from '../src/database/open-database.ts'
import { handlePush } from '../src/push/push.ts'
import {
  createPushWorld,
  currentHistory,
  insert,
  type PushingClient,
  type PushWorld,
  tellVerdict,
  update,
} from './support/push-world.ts'

let world: PushWorld

beforeAll(async () => {
  world = await createPushWorld()
})
afterAll(() => world.close())
beforeEach(async () => {
  await world.refill()
  await world.run(`INSERT INTO items (id, project_id, votes) SELECT i, 2, 0 FROM generate_series(1, 12) i`)
})

const vote = (id: number) => update('items', { id: `${id}` }, { votes: ['0', '1'] })
const ledger = () => world.value('SELECT count(*) FROM ledger')
const votes = () => world.value('SELECT sum(votes) FROM items')

test('[P2.1] the same push on many connections at once takes effect once', async () => {
  const ann = world.client('ann')
  const changesets = Array.from({ length: 10 }, (_, i) => ann.make([vote(1 + (i % 3))]))
  const responses = await Promise.all(Array.from({ length: 8 }, () => ann.send(changesets)))
  const told = responses.map(({ verdicts }) => new Set(verdicts.map(tellVerdict)))
  expect(told.filter((words) => words.has('applied'))).toEqual([new Set(['applied'])])
  expect(told.filter((words) => words.has('repeated'))).toHaveLength(7)
  expect([await ledger(), await votes()]).toEqual(['10', '10'])
})

test('[P2.1] overlapping pushes of one client take effect once and in order', async () => {
  const ann = world.client('ann')
  const changesets = Array.from({ length: 30 }, () => ann.make([vote(1)]))
  const windows = Array.from({ length: 10 }, (_, i) => changesets.slice(0, 3 * (i + 1)))
  await Promise.all(windows.map((each) => ann.send(each)))
  expect([await ledger(), await votes()]).toEqual(['30', '30'])
})

/** Sends a changeset, twice at once now and then, loses answers, and goes on until one has come through. */
async function sendUntilAnswered(
  client: PushingClient,
  changeset: Changeset,
  chance: () => number,
): Promise<void> {
  for (;;) {
    const copies = chance() < 0.3 ? 2 : 1
    const sent = await Promise.allSettled(Array.from({ length: copies }, () => client.send([changeset])))
    for (const each of sent) {
      const busy = each.status === 'rejected' && each.reason instanceof LandfallError && each.reason.retryable
      if (each.status === 'rejected' && !busy) throw each.reason
    }
    if (sent.some(({ status }) => status === 'fulfilled') && chance() > 0.3) return
  }
}

test('[P2] lost answers, concurrent repeats and killed backends: every changeset takes effect once', async () => {
  const clients = ['ann', 'bob', 'ann', 'bob'].map((user) => world.client(user))
  const perClient = 15
  let open = clients.length
  const pushing = clients.map(async (client, seed) => {
    const chances = fc.sample(fc.double({ min: 0, max: 1, noNaN: true }), { seed, numRuns: 5_000 })
    const chance = () => chances.pop() ?? 0.5
    for (let i = 0; i < perClient; i++) {
      await sendUntilAnswered(
        client,
        client.make([vote(1 + Math.floor(chance() * 3)), vote(7 + (i % 3))]),
        chance,
      )
    }
    open--
  })
  let killed = 0
  const killing = (async () => {
    while (open > 0) {
      const before = Number(await ledgerOrZero())
      killed += await killBackends()
      // Let something through between two killings.
      while (open > 0 && Number(await ledgerOrZero()) < before + 8);
    }
  })()
  await Promise.all([...pushing, killing])
  expect(killed).toBeGreaterThan(5)
  const total = `${2 * perClient * clients.length}`
  expect([await ledger(), await votes()]).toEqual([total, total])
})

async function ledgerOrZero(): Promise<string> {
  return (await ledger().catch(() => null)) ?? '0'
}

async function killBackends(): Promise<number> {
  const killed = await world
    .value(
      `SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
       WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    )
    .catch(() => null)
  return Number(killed ?? 0)
}

test('[P8] pushes of many clients to the same rows in any order all go through', async () => {
  const clients = Array.from({ length: 8 }, (_, i) => world.client(i % 2 ? 'ann' : 'bob'))
  const orders = fc.sample(fc.shuffledSubarray([1, 2, 3, 4, 5, 6, 7, 8], { minLength: 4, maxLength: 4 }), {
    seed: 7,
    numRuns: 64,
  })
  const told = await Promise.all(
    orders.map((ids, i) => {
      const client = clients[i % clients.length] ?? world.client('ann')
      return client.send([client.make(ids.map(vote)), client.make([insert('steps', stepOf(ids[0] ?? 1, i))])])
    }),
  )
  // A later number may overtake an earlier one of its client here; then the earlier is told that it was repeated.
  const applied = told.filter(({ verdicts }) => verdicts.every(({ outcome }) => outcome === 'applied')).length
  expect(applied).toBeGreaterThan(8)
  expect([await ledger(), await votes()]).toEqual([`${applied * 4}`, `${applied * 4}`])
  expect(await world.value('SELECT count(*) FROM steps')).toBe(`${applied}`)
})

const stepOf = (item: number, place: number) => ({ item_id: `${item}`, place: `${place}`, project_id: '2' })

/** Until somebody waits for a lock in this database. */
async function untilWaiting(): Promise<void> {
  const waiting = `SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'`
  while ((await world.value(waiting)) === '0');
}

test('[P8] a push that loses a deadlock goes through all the same', async () => {
  // On a busy machine Postgres may find the deadlock from the other side; then it is brought about once more.
  while (!(await deadlockPush())) await world.refill()
  expect(await world.run('SELECT title, votes::text FROM items WHERE id <= 2')).toEqual([
    { title: 'other', votes: '1' },
    { title: 'other', votes: '1' },
  ])
})

/** False when it was the other transaction that lost. */
async function deadlockPush(): Promise<boolean> {
  const ann = world.client('ann')
  let pushed: Promise<string> = Promise.resolve('not sent')
  const other = world.database.transaction({ isolation: 'read committed', readOnly: false }, async (tx) => {
    await tx.query('UPDATE items SET title = $1 WHERE id = 2', ['other'])
    pushed = ann.push([vote(1), vote(2)])
    await untilWaiting()
    await tx.query('UPDATE items SET title = $1 WHERE id = 1', ['other'])
  })
  const lost = await other.then(
    () => false,
    (error: unknown) => {
      if (error instanceof PostgresError && error.sqlstate === '40P01') return true
      throw error
    },
  )
  expect(await pushed).toBe('applied')
  return !lost
}

test('[P2.3] an edit that comes in between while a push waits for the row is merged, not overwritten', async () => {
  const ann = world.client('ann')
  let pushed: Promise<string> = Promise.resolve('not sent')
  await world.database.transaction({ isolation: 'read committed', readOnly: false }, async (tx) => {
    await tx.query('UPDATE items SET votes = votes + $1 WHERE id = 1', [10])
    pushed = ann.push([vote(1)])
    await untilWaiting()
  })
  expect(await pushed).toBe('applied')
  expect(await world.value('SELECT votes::text FROM items WHERE id = 1')).toBe('11')
})

test('[P2.3] a row that appears while an insert waits for its key is merged into', async () => {
  const ann = world.client('ann')
  let pushed: Promise<string> = Promise.resolve('not sent')
  await world.database.transaction({ isolation: 'read committed', readOnly: false }, async (tx) => {
    await tx.query(`INSERT INTO items (id, project_id, votes, slug) VALUES ($1, 2, 5, 'theirs')`, [99])
    pushed = ann.push([insert('items', { id: '99', project_id: '2', votes: '1', first: 'mine' })])
    await untilWaiting()
  })
  expect(await pushed).toBe('applied')
  expect(await world.run('SELECT votes::text, slug, first FROM items WHERE id = 99')).toEqual([
    { votes: '6', slug: 'theirs', first: 'mine' },
  ])
})

test('[P8.8] what waits for a lock too long is put off, and lands under another number', async () => {
  const impatient = await openDatabase(world.url, { timeouts: { lock: 20 } })
  const ann = world.client('ann')
  const changeset = ann.make([vote(1)])
  const history = await currentHistory(world.context)
  const request = { client: ann.id, history, moved: ann.moved, changesets: [changeset] }
  await world.database.transaction({ isolation: 'read committed', readOnly: false }, async (tx) => {
    await tx.query('SELECT FROM items WHERE id = 1 FOR UPDATE')
    const { verdicts } = await handlePush({ ...world.context, database: impatient }, request, userId('ann'))
    expect(verdicts).toMatchObject([{ outcome: 'deferred', error: { code: 'took_too_long' } }])
  })
  await impatient.close()
  expect(await world.value('SELECT count(*) FROM landfall.rejections')).toBe('0')
  ann.moved = changeset.number
  expect(await ann.push([vote(1)])).toBe('applied')
  expect(await votes()).toBe('1')
})
