/** Workloads through the whole client API: page, Comlink, worker, engine, OPFS, and the network where it says so. */
import { openLandfall } from '@landfall/client'
import type { SqliteValue } from '@landfall/schema'
import { generateRows, type RowsOptions, rowsOf, storedColumns } from '../shared/rows.ts'
import { sync } from '../shared/schema.ts'
import { insertSql } from './insert-sql.ts'
import type { ClientOptions } from './page-api.ts'

type Client = Awaited<ReturnType<typeof openLandfall>>

let opened: Client | undefined
let inserts: [string, SqliteValue[]][] = []

export function client(): Client {
  if (!opened) throw new Error('Open a client first.')
  return opened
}

export async function openPaused(options: ClientOptions): Promise<void> {
  opened = await open(options)
  await opened.sync.pause()
}

export async function openLoaded(options: ClientOptions & { scope: string }): Promise<number> {
  const start = performance.now()
  opened = await open(options)
  await scopeReady(opened, options.scope)
  return performance.now() - start
}

export async function countClient(): Promise<number> {
  const [row] = await client().all('SELECT count(*) AS count FROM items')
  return Number(row?.['count'])
}

export async function wipeClient(): Promise<void> {
  await client().wipe()
  opened = undefined
}

export async function prepareClient(options: RowsOptions): Promise<void> {
  inserts = rowsOf(storedColumns(generateRows(options))).map((row) => [insertSql, row])
}

export async function clientBulk(): Promise<number> {
  const start = performance.now()
  await client().batch(inserts)
  return performance.now() - start
}

/** Each awaited before the next, as people make them. */
export async function clientSingles(): Promise<number> {
  const db = client()
  const start = performance.now()
  for (const [sql, params] of inserts) await db.run(sql, params)
  return performance.now() - start
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

function scopeReady(db: Client, scope: string): Promise<void> {
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
