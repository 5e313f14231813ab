/** The workload generator, over a schema with every column kind: its statements on both databases, its seeds. */
import { openMemory, openStore, type SqlParam, type Store } from '@landfall/engine'
import { LandfallError } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import { migrateSync, PostgresError } from '@landfall/server'
import { createRandom, createWorld } from '@landfall/testkit'
import {
  WEIGHTS,
  createWorkload,
  planForeign,
  planTransaction,
  swarm,
  type LocalStep,
  type Workload,
} from '../src/index.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createEveryKindApp, type EveryKindApp, SCOPES, sync } from './support/every-kind.ts'

const LOCAL_SEEDS = 12
const FOREIGN_SEEDS = 8
const STEPS = 60

/** A seed's workload: every other one has a swarm's weights. */
function workloadOf(seed: number, options: { truncate?: number } = {}): Workload {
  const weights = { ...WEIGHTS, ...options }
  return createWorkload({
    sync,
    scopes: seed % 3 === 0 ? { area: SCOPES.area } : SCOPES,
    weights: seed % 2 === 0 ? weights : swarm(weights, createRandom(seed)),
  })
}

describe('on a real Postgres', () => {
  let app: EveryKindApp
  beforeAll(async () => {
    app = await createEveryKindApp()
    await migrateSync(app.database, sync)
  })
  afterAll(() => app.close())

  test.each(seeds(FOREIGN_SEEDS))(
    '[T7.2] seed %i: another program breaks nothing but constraints',
    async (seed) => {
      const workload = workloadOf(seed, { truncate: 0.2 })
      const random = createRandom(seed)
      const failures: string[] = []
      for (let i = 0; i < STEPS; i++) {
        const { statements } = planForeign(workload, random)
        expect(statements.length).toBeGreaterThan(0)
        await app.run(statements).catch((error: unknown) => {
          const state = error instanceof PostgresError ? error.sqlstate : 'no state'
          failures.push([state, String(error), ...statements].join('\n'))
        })
      }
      expect(failures.filter((failure) => !failure.startsWith('23'))).toEqual([])
      expect(failures.length).toBeLessThan((STEPS * 2) / 3)
    },
  )
})

test.each(seeds(LOCAL_SEEDS))('[T7.1] seed %i: a device runs every planned transaction', async (seed) => {
  const device = await openDevice()
  const workload = workloadOf(seed)
  const random = createRandom(seed)
  for (let i = 0; i < STEPS; i++) {
    const step = planTransaction(workload, random)
    expect(step.statements.length).toBeGreaterThan(0)
    const before = step.refused ? device.dump() : null
    const outcome = device.run(step)
    expect({ outcome, step }).toEqual({ outcome: step.refused ? 'value_invalid' : 'done', step })
    if (before !== null) expect(device.dump()).toEqual(before)
  }
  expect(device.store.outboxCount()).toBeGreaterThan(0)
})

test.each([4, 7])('[T7.1] seed %i: so does one whose rows have come from the server', async (seed) => {
  const app = await createEveryKindApp()
  const holders = { area: () => SCOPES.area, own: ({ userId }: { userId: string }) => [userId] }
  const world = await createWorld({ sync, holders, database: app.database, seed })
  const first = await world.open('a', { user: 'ada' })
  const devices = [first, await world.open('b', { user: 'ben' })]
  // Rows whose read-only columns Postgres has filled in, and what could renew them.
  const weights = { ...WEIGHTS, replace: 8, reinsert: 8, rekey: 8, delete: 8 }
  const workload = createWorkload({ sync, scopes: SCOPES, weights, keys: 2 })
  for (let i = 0; i < STEPS; i++)
    await app.run(planForeign(workload, world.random).statements).catch(() => 'broke a constraint')
  await world.drain()
  for (let i = 0; i < STEPS; i++) {
    const { label, statements, refused } = planTransaction(workload, world.random)
    const { engine } = devices[world.random.below(2)] ?? first
    const written = engine.sql.batch(
      statements.map(({ sql, params }) => [sql, params]),
      label,
    )
    const outcome = await written.then(() => 'done', codeOf)
    expect({ outcome, statements }).toEqual({ outcome: refused ? 'value_invalid' : 'done', statements })
    await world.pass(world.random.below(2000))
  }
  await world.drain()
  await world.close()
  await app.close()
})

test('[T7.4] the same seed gives the same plan, and another seed another', () => {
  const plan = (seed: number): string => {
    const workload = workloadOf(seed)
    const random = createRandom(seed)
    const steps = Array.from({ length: 20 }, () => [
      planTransaction(workload, random),
      planForeign(workload, random),
    ])
    return JSON.stringify(steps, readable)
  }
  expect(plan(1)).toBe(plan(1))
  expect(plan(1)).not.toBe(plan(2))
})

test('[T7.5] a device writes no read-only table or column', () => {
  const workload = workloadOf(2)
  const random = createRandom(7)
  const sql = Array.from({ length: 400 }, () => planTransaction(workload, random).statements)
    .flat()
    .map((statement) => statement.sql)
    .join('\n')
  for (const name of ['areas', 'specimens', 'lists', 'odd ""notes""']) expect(sql).toContain(`"${name}"`)
  for (const name of ['countries', 'created_at', 'double', 'number']) expect(sql).not.toContain(`"${name}"`)
})

test('[T7.6] a swarm switches half of the kinds off and leaves one that makes rows', () => {
  const all = Object.entries(WEIGHTS).filter(([, weight]) => weight > 0)
  const swarms = seeds(200).map((seed) => swarm(WEIGHTS, createRandom(seed)))
  for (const weights of swarms) {
    const on = all.filter(([kind]) => weights[kind as keyof typeof WEIGHTS] > 0).map(([kind]) => kind)
    expect(on.length).toBeGreaterThanOrEqual(Math.ceil(all.length / 2))
    expect(on.length).toBeLessThanOrEqual(Math.ceil(all.length / 2) + 1)
    expect(on.some((kind) => ['insert', 'insertMany', 'upsert', 'reinsert'].includes(kind))).toBe(true)
  }
  expect(new Set(swarms.map((weights) => JSON.stringify(weights))).size).toBeGreaterThan(150)
})

function seeds(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i + 1)
}

type TestDevice = { store: Store; run(step: LocalStep): string; dump(): SqliteValue[][][] }

async function openDevice(): Promise<TestDevice> {
  const driver = await openMemory()
  const clock = { now: () => 1_800_000_000_000, after: () => () => {} }
  const store = openStore(driver, sync.manifest, { clock, randomness: createRandom(1) })
  const tables = [
    ...sync.manifest.tables.map(({ name }) => `"${name.replaceAll('"', '""')}"`),
    'landfall_outbox',
    'landfall_state',
  ]
  return {
    store,
    run: (step) => runStep(store, step),
    dump: () => tables.map((table) => driver.prepare(`select * from ${table}`).all([])),
  }
}

function runStep(store: Store, { label, statements }: LocalStep): string {
  store.begin()
  try {
    for (const { sql, params } of statements) store.prepareUser(sql).all(params.map(stored))
  } catch (error) {
    store.rollback()
    return outcome(error)
  }
  try {
    store.commit(label)
    return 'done'
  } catch (error) {
    return outcome(error)
  }
}

const outcome = (error: unknown): string =>
  error instanceof LandfallError && error.code === 'value_invalid'
    ? error.code
    : `${String(error)} ${JSON.stringify((error as LandfallError).details, readable)}`

const codeOf = (error: unknown): string => (error instanceof LandfallError ? error.code : String(error))

const stored = (param: SqlParam): SqliteValue => (typeof param === 'boolean' ? Number(param) : param)

const readable = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}n` : value)
