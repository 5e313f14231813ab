/**
 * Postgres' backends are killed under load, and Postgres itself is stopped and started. An exception that nobody can
 * catch (`database/adapters/connection.ts` says why) would end this process and with it the test run.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { LandfallError } from '@landfall/protocol'
import { type PostgresServer, startPostgres } from '@landfall/tools/postgres'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openPostgres } from '../src/database/adapters/postgres.ts'
import { DEFAULT_TIMEOUTS } from '../src/database/adapters/settings.ts'
import type { Database } from '../src/database/database.ts'
import { openDatabase } from '../src/database/open-database.ts'
import { query, write } from './database-contract.ts'
import { createVirtualClock } from './support/virtual-clock.ts'

let server: PostgresServer
let database: Database
let killer: Database

beforeAll(async () => {
  server = await startPostgres()
  database = await openDatabase(server.url, { connections: 8 })
  killer = await openDatabase(server.url, { connections: 1 })
  await query(killer, 'CREATE TABLE ledger (writer int, number int, PRIMARY KEY (writer, number))')
})

afterAll(async () => {
  await database.close()
  await killer.close()
  await server.stop()
})

const KILL = `
  SELECT count(pg_terminate_backend(pid))::text AS killed
  FROM pg_stat_activity
  WHERE application_name = 'landfall' AND pid <> pg_backend_pid()`

type Outcome = { done: string[]; doubtful: number }

/** Small statements with nothing between them: the case in which a client would still be buffering. */
async function writeUntil(stop: () => boolean, writer: number): Promise<Outcome> {
  const outcome: Outcome = { done: [], doubtful: 0 }
  for (let number = 0; !stop(); number++) {
    try {
      await write(database, async (tx) => {
        await tx.query('SELECT 1')
        await tx.query('SAVEPOINT s')
        await tx.query('INSERT INTO ledger VALUES ($1, $2)', [writer, number])
      })
      outcome.done.push(`${writer}:${number}`)
    } catch (error) {
      if (!(error instanceof LandfallError) || error.code !== 'database_unreachable') throw error
      outcome.doubtful++
    }
  }
  return outcome
}

test('[P11.1] the process survives backends killed in a loop under load, and no acknowledged commit is missing', async () => {
  let stopped = false
  const writers = Array.from({ length: 12 }, (_, writer) => writeUntil(() => stopped, writer))
  let killed = 0
  for (let round = 0; round < 150; round++) {
    const [row] = await query(killer, KILL)
    killed += Number(row?.['killed'])
    for (let i = 0; i < round % 7; i++) await query(killer, 'SELECT 1')
  }
  stopped = true
  const outcomes = await Promise.all(writers)

  const kept = new Set(
    (await query(killer, `SELECT writer || ':' || number AS id FROM ledger`)).map((r) => r['id']),
  )
  const done = outcomes.flatMap((outcome) => outcome.done)
  expect(killed).toBeGreaterThan(300)
  expect(outcomes.every((outcome) => outcome.doubtful > 0)).toBe(true)
  expect(done.filter((id) => !kept.has(id))).toEqual([])
  expect(done.length).toBeGreaterThan(100)
})

test('[P11.1] a restarted Postgres costs the transactions under way and no more', async () => {
  let stopped = false
  const writers = Array.from({ length: 6 }, (_, writer) => writeUntil(() => stopped, 100 + writer))
  await server.restart()
  await server.kill()
  await server.start()
  stopped = true
  await Promise.all(writers)
  expect(await query(database, 'SELECT 1 AS one')).toEqual([{ one: '1' }])
})

test('[P11.1] a server that is not there is a retryable answer, not a hang', async () => {
  const away = await openDatabase('postgres://postgres@127.0.0.1:1/postgres')
  const error = await query(away, 'SELECT 1').catch((e: unknown) => e)
  expect(error).toMatchObject({ code: 'database_unreachable', retryable: true })
  await away.close()
})

/** Passes bytes on until told to swallow them; the sockets stay open. */
async function openProxy(port: number): Promise<{ server: Server; port: number; silence(): void }> {
  let silent = false
  const sockets: Socket[] = []
  const proxy = createServer((near) => {
    const far = connect(port, '127.0.0.1')
    sockets.push(near, far)
    near.on('data', (data) => silent || far.write(data))
    far.on('data', (data) => silent || near.write(data))
    for (const socket of [near, far]) socket.on('error', () => {})
    near.on('close', () => far.destroy())
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const address = proxy.address()
  return {
    server: proxy,
    port: typeof address === 'object' && address ? address.port : 0,
    silence: () => {
      silent = true
    },
  }
}

test('[P11.1] a network that swallows a statement costs its connection after a bounded time, not for ever', async () => {
  const real = new URL(server.url)
  const proxy = await openProxy(Number(real.port))
  const clock = createVirtualClock()
  real.port = `${proxy.port}`
  const timeouts = { ...DEFAULT_TIMEOUTS, statement: 1_000 }
  const behind = openPostgres({ url: real.href, connections: 1, prepare: true, timeouts, clock })
  const outcome = write(behind, async (tx) => {
    await tx.query('SELECT 1')
    proxy.silence()
    const swallowed = tx.query('SELECT 2')
    while (clock.waiting() === 0) await Promise.resolve()
    clock.advance(16_001)
    await swallowed
  })
  await expect(outcome).rejects.toMatchObject({
    code: 'database_unreachable',
  })
  expect(clock.waiting()).toBe(0)
  await behind.close()
  proxy.server.close()
})
