/**
 * The shop (`shop.ts`) on a fresh database, and clients that push to it.
 *
 * A client is written like what it did: `ann.push([update('items', { id: '1' }, { title: ['a', 'b'] })])`.
 */
import {
  type ChangeBlock,
  type Changeset,
  type ChangesetNumber,
  changesetNumber,
  type ClientId,
  clientId,
  encodeHlc,
  type HistoryId,
  hlcFromTime,
  type PushResponse,
  userId,
  type Verdict,
  type WireRow,
  type WireValue,
} from '@landfall/protocol'
import type { SyncDefinition } from '@landfall/schema'
import { createTestDatabase } from '@landfall/tools/postgres'
import { systemClock, systemRandomness } from '../../src/platform.ts'
import type { Authorize, Holders, ServerContext } from '../../src/context.ts'
import type { Database, TextRow } from '../../src/database/database.ts'
import { bookkeepingIn } from '../../src/log/bookkeeping.ts'
import { readHistory } from '../../src/log/history.ts'
import { DEFAULT_LIMITS } from '../../src/limits.ts'
import { migrateSync } from '../../src/migrate/migrate.ts'
import { openDatabase } from '../../src/database/open-database.ts'
import { createCatalog } from '../../src/push/order/foreign-keys.ts'
import { handlePush } from '../../src/push/push.ts'
import { club } from './club.ts'
import { createShop, shop, shopHolders } from './shop.ts'

export type Row = { [column: string]: WireValue }
export type Change = { table: string; operation: ChangeBlock['operation']; key: WireRow; old: Row; new: Row }

export type PushingClient = {
  id: ClientId
  /** The acknowledged number of the last pull that it has applied; 0: none. */
  moved: ChangesetNumber
  /** Pushes the next changeset and answers its verdict: `applied`, or the code it was rejected with. */
  push(changes: Change[], at?: number): Promise<string>
  /** The same for several changesets in one push. */
  pushAll(changesets: Change[][], at?: number): Promise<string[]>
  /** Makes the next changeset without sending it. */
  make(changes: Change[], at?: number): Changeset
  send(changesets: Changeset[]): Promise<PushResponse>
}

export type PushWorld = {
  url: string
  database: Database
  context: ServerContext
  /** A new local database of the user. */
  client(user: string): PushingClient
  run(sql: string, params?: string[]): Promise<TextRow[]>
  /** The one value of a one-row, one-column query, as text. */
  value(sql: string): Promise<WireValue>
  refill(): Promise<void>
  close(): Promise<void>
}

/** What is synced, by whom it is held, and how its tables are made. */
export type PushApp = {
  sync: SyncDefinition
  holders: Holders
  create(database: Database): Promise<void>
}

export type PushWorldOptions = {
  address?: string
  /** The shop unless told. */
  app?: PushApp
  authorize?: { [table: string]: Authorize }
  holders?: Holders
}

export async function createPushWorld(options: PushWorldOptions = {}): Promise<PushWorld> {
  const fresh = options.address === undefined ? await createTestDatabase('push') : null
  const url = fresh?.url ?? options.address ?? ''
  const database = await openDatabase(url, { connections: 12 })
  const app = options.app ?? { sync: shop, holders: shopHolders, create: createShop }
  await app.create(database)
  await migrateSync(database, app.sync)
  const context = createContext(database, app, options)
  const run = (sql: string, params: string[] = []) =>
    database.transaction({ isolation: 'read committed', readOnly: false }, (tx) => tx.query(sql, params))
  return {
    url,
    database,
    context,
    run,
    client: (user) => createPushingClient(context, user),
    async value(sql) {
      const [row = {}] = await run(sql)
      return Object.values(row)[0] ?? null
    },
    async refill() {
      await run('SELECT refill()')
    },
    async close() {
      await database.close()
      await fresh?.drop()
    },
  }
}

function createContext(database: Database, app: PushApp, options: PushWorldOptions): ServerContext {
  return {
    bookkeeping: bookkeepingIn(),
    database,
    catalog: createCatalog(app.sync.manifest),
    sync: app.sync,
    clock: systemClock,
    randomness: systemRandomness,
    holders: options.holders ?? app.holders,
    authorize: options.authorize ?? {},
    // A slow machine must not cut a push off where a test does not mean it to.
    limits: { ...DEFAULT_LIMITS, pushMs: 600_000 },
  }
}

export async function currentHistory({ database, bookkeeping }: ServerContext): Promise<HistoryId> {
  const read = await database.transaction({ isolation: 'repeatable read', readOnly: true }, (tx) =>
    readHistory(tx, bookkeeping),
  )
  if (read.id === null) throw new Error('no history')
  return read.id
}

export function createPushingClient(context: ServerContext, user: string): PushingClient {
  const id = clientId(systemRandomness.uuid())
  let number = 0
  const client: PushingClient = {
    id,
    moved: changesetNumber(0),
    make(changes, at = systemClock.now()) {
      number++
      const hlc = encodeHlc(hlcFromTime(at))
      return { number: changesetNumber(number), hlc, label: null, changes: changes.map(toBlock) }
    },
    async send(changesets) {
      const history = await currentHistory(context)
      return handlePush(context, { client: id, history, moved: client.moved, changesets }, userId(user))
    },
    async pushAll(changesets, at) {
      const { verdicts } = await client.send(changesets.map((changes) => client.make(changes, at)))
      return verdicts.map(tellVerdict)
    },
    async push(changes, at) {
      const [told = 'no verdict'] = await client.pushAll([changes], at)
      return told
    },
  }
  return client
}

export const tellVerdict = ({ outcome, error }: Verdict): string => error?.code ?? outcome

export function toBlock({ table, operation, key, old, new: after }: Change): ChangeBlock {
  const columns = Object.keys(operation === 'delete' ? old : after)
  const side = (row: Row) => columns.map((name) => [row[name] ?? null])
  return {
    table,
    operation,
    columns,
    keys: key.map((value) => [value]),
    old: operation === 'insert' ? [] : side(old),
    new: operation === 'delete' ? [] : side(after),
  }
}

function keyOf(table: string, row: Row): WireRow {
  const found = [...shop.manifest.tables, ...club.manifest.tables].find(({ name }) => name === table)
  return (found?.key ?? ['code']).map((name) => row[name] ?? null)
}

export function insert(table: string, row: Row): Change {
  return { table, operation: 'insert', key: keyOf(table, row), old: {}, new: row }
}

/** `changes`: column -> [old, new]. */
export function update(
  table: string,
  key: Row,
  changes: { [column: string]: [WireValue, WireValue] },
): Change {
  const side = (i: 0 | 1) =>
    Object.fromEntries(Object.entries(changes).map(([name, values]) => [name, values[i]]))
  return { table, operation: 'update', key: keyOf(table, key), old: side(0), new: side(1) }
}

export function remove(table: string, key: Row, old: Row = {}): Change {
  return { table, operation: 'delete', key: keyOf(table, key), old, new: {} }
}
