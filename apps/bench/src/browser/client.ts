/** Workloads through the whole client API: page, Comlink, worker, engine, OPFS, and the network where it says so. */
import { openLandfall } from '@landfall/client'
import { generateRows, rowsOf, storedColumns } from '../shared/rows.ts'
import { sync } from '../shared/schema.ts'
import { insertSql } from './insert-sql.ts'
import type { ClientOptions } from './page-api.ts'

export type Client = Awaited<ReturnType<typeof openLandfall>>

type Rows = { seed: number; count: number }

let opened: Client | undefined

export function client(): Client {
  if (!opened) throw new Error('openClient first')
  return opened
}

export async function openClient({ paused, ...options }: ClientOptions & { paused: boolean }): Promise<void> {
  opened = await open(options)
  if (paused) await opened.sync.pause()
}

export async function wipeClient(): Promise<void> {
  await client().wipe()
  opened = undefined
}

export async function clientBulk(options: Rows): Promise<number> {
  const db = client()
  const statements = inserts(options)
  return timed(statements.length, () => db.batch(statements))
}

/** Each awaited before the next, as people make them. */
export async function clientSingles(options: Rows): Promise<number> {
  const db = client()
  const statements = inserts(options)
  return timed(statements.length, async () => {
    for (const [sql, params] of statements) await db.run(sql, params)
  })
}

export async function firstLoad(options: ClientOptions & { scope: string; rows: number }): Promise<number> {
  const start = performance.now()
  const db = await open(options)
  await scopeReady(db, options.scope)
  const ms = performance.now() - start
  if ((await countRows(db)) !== options.rows) throw new Error('The rows are not there.')
  await db.wipe()
  return ms
}

function open({ database, user }: ClientOptions): Promise<Client> {
  return openLandfall({
    sync,
    url: new URL('/sync', location.href).href,
    database,
    getToken: async () => user,
    worker: new Worker('/client-worker.js', { type: 'module' }),
  })
}

export function scopeReady(db: Client, scope: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const look = (): void => {
      const { scopes, error } = db.status
      if (error !== null) reject(new Error(JSON.stringify(error)))
      if (!scopes.some((entry) => entry.scope === scope && entry.ready)) return
      stop()
      resolve()
    }
    const stop = db.onStatus(look)
    look()
  })
}

function inserts({ seed, count }: Rows) {
  const rows = rowsOf(storedColumns(generateRows({ seed, count, space: 1 })))
  return rows.map((row): [string, typeof row] => [insertSql, row])
}

async function timed(count: number, work: () => Promise<unknown>): Promise<number> {
  const before = await countRows(client())
  const start = performance.now()
  await work()
  const ms = performance.now() - start
  if ((await countRows(client())) !== before + count) throw new Error('The rows are not there.')
  return ms
}

async function countRows(db: Client): Promise<number> {
  const [row] = await db.all('SELECT count(*) AS count FROM items')
  return Number(row?.['count'])
}
