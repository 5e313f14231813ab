/**
 * createSyncServer: the routes, as a Hono app to mount anywhere.
 *
 * Every request goes the same way: who is it, may it ask now, is it of our protocol and schema, is it well-formed; then
 * the handler; then one place that turns what went wrong into an answer. CORS is the app's business.
 */
import { type Clock, LandfallError, type Randomness } from '@landfall/protocol'
import type { SyncDefinition } from '@landfall/schema'
import { Hono } from 'hono'
import { systemClock, systemRandomness } from './platform.ts'
import type { Authorize, Holders, ServerContext } from './context.ts'
import type { Database } from './database/database.ts'
import { CaptureWatch } from './gaps/capture-watch.ts'
import { bookkeepingIn } from './log/bookkeeping.ts'
import { type Health, HealthCheck, withGaps } from './health/health.ts'
import { pruneHistory } from './log/prune.ts'
import { checkHolders } from './scopes/check-holders.ts'
import { jsonResponse, readJson } from './http/body.ts'
import { createErrorEncoder, type ErrorLog, errorResponse } from './http/error-response.ts'
import { type Authenticate, createGate } from './http/gate.ts'
import { createCatalog } from './push/order/foreign-keys.ts'
import { createHandlers } from './http/handlers.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import { createStreams } from './stream/streams.ts'

/** What a sync server works with. */
export type SyncServerOptions = {
  /** What `defineSync` gave; clients must have been built with the same. */
  sync: SyncDefinition
  /** The app keeps it: `close` leaves it open. */
  database: Database
  /** The bookkeeping schema, as `migrateSync` was given it; `landfall` unless told. */
  schema?: string
  /** Who sent the request, or null; see `Authenticate`. There is no default. */
  authenticate: Authenticate
  /** For every scope with a key column: which keys a user holds. */
  holders: Holders
  /** By Postgres table name: narrows what may be written in a held scope. A table that `holders` read needs one. */
  authorize?: { [table: string]: Authorize }
  /** Limits that differ from `DEFAULT_LIMITS`. */
  limits?: Partial<Limits>
  /** Failures that callers see only as `server_error` with this id; `console.error` unless told. */
  onError?: ErrorLog
  /** For simulations; the machine's unless told. @internal */
  clock?: Clock
  /** For simulations; the machine's unless told. @internal */
  randomness?: Randomness
}

/** A sync server: routes to mount, and what an app's own schedule calls. */
export type SyncServer = {
  /** Mount it: `app.route('/sync', server.app)`. */
  app: Hono
  /**
   * Deletes what no client within the retention (milliseconds) needs, and answers how many changes that were. Clients
   * away for longer load their scopes again. Call it about once an hour, in one process, with weeks.
   */
  prune(retentionMs: number): Promise<number>
  /**
   * Whether it can serve: rights, tables, policies, the app's name and whether its tables are captured, asked of the
   * catalog. Never rejects; the answer is kept for a second. Where only a table is not captured, it serves all the same,
   * and `/health` has status 200.
   */
  health(): Promise<Health>
  /** Tells this process that Postgres has news, where the app knows it sooner than the next poll. */
  wake(): void
  /** Ends the streams and timers; the database stays open. */
  close(): Promise<void>
}

/**
 * The sync server as a Hono app: `app.route('/sync', server.app)`. It keeps no state but Postgres, so any number of
 * processes may run it. CORS is the app's own.
 *
 * Throws `schema_invalid` when `holders` lacks a scope, or names one that `sync` does not have.
 */
export function createSyncServer(options: SyncServerOptions): SyncServer {
  const made = createContext(options)
  checkHolders(made.sync.manifest, made)
  const log = options.onError ?? ((error, id) => console.error(`landfall ${id}`, error))
  const encode = createErrorEncoder(made, log)
  const context: ServerContext = { ...made, report: (error) => void encode(error) }
  const capture = new CaptureWatch(context, {
    gap: (error) => log(error, context.randomness.uuid()),
    failed: (error) => void encode(error),
  })
  const checkCapture = () => capture.due()
  const streams = createStreams(context, { onFailure: (error) => void encode(error), checkCapture })
  const { clock, limits, sync } = context
  const health = new HealthCheck(context, encode)
  const start = health.checkStart().catch(encode)
  const gate = createGate({ authenticate: options.authenticate, schema: sync.manifest.hash, limits, clock })

  const app = new Hono()
  const handlers = createHandlers(context, { encode, wake: () => streams.wake(), checkCapture })
  for (const [path, handle] of Object.entries(handlers)) {
    app.post(`/${path}`, async (c) => {
      const user = await gate(c.req.raw)
      const body = await readJson(c.req.raw, limits)
      return jsonResponse(c.req.raw, await handle(body, user))
    })
  }
  app.get('/live', async (c) => streams.open(await gate(c.req.raw)))
  app.get('/health', async (c) => {
    const found = await health.read()
    return c.json(withGaps(found, await capture.open()), found.ok ? 200 : 503)
  })
  app.notFound(() => errorResponse(encode(new LandfallError('not_found'))))
  app.onError((error) => errorResponse(encode(error)))

  return {
    app,
    prune: (retentionMs) => pruneHistory(context.database, context.bookkeeping, retentionMs),
    wake: () => streams.wake(),
    health: async () => withGaps(await health.read(), await capture.open()),
    async close() {
      await start
      await streams.close()
    },
  }
}

function createContext(options: SyncServerOptions): ServerContext {
  const clock = options.clock ?? systemClock
  return {
    database: options.database,
    catalog: createCatalog(options.sync.manifest),
    bookkeeping: bookkeepingIn(options.schema),
    sync: options.sync,
    clock,
    randomness: options.randomness ?? systemRandomness,
    holders: options.holders,
    authorize: options.authorize ?? {},
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  }
}
