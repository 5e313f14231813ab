/**
 * createSyncServer: the routes, as a Hono app to mount anywhere (DESIGN section 5).
 *
 * Every request goes the same way: who is it, may it ask now, is it of our protocol and schema, is it well-formed; then
 * the handler; then one place that turns what went wrong into an answer. CORS is the app's business.
 */
import {
  type Clock,
  type Half,
  LandfallError,
  PROTOCOL_HEADER,
  PROTOCOL_VERSION,
  type PushRequest,
  type PushResponse,
  type Randomness,
  SCHEMA_HEADER,
  type SyncRequest,
  type SyncResponse,
  userId,
  type UserId,
} from '@landfall/protocol'
import type { SyncDefinition } from '@landfall/schema'
import { Hono } from 'hono'
import { systemClock, systemRandomness } from './platform.ts'
import { handleBootstrap } from './pull/bootstrap.ts'
import type { Authorize, Holders, ServerContext } from './context.ts'
import type { Database } from './database/database.ts'
import { pruneHistory } from './log/history.ts'
import { checkHolders } from './scopes/holders.ts'
import { jsonResponse, readJson } from './http/body.ts'
import { createErrorEncoder, type ErrorLog, errorResponse } from './http/errors.ts'
import { createMessageParser } from './http/messages.ts'
import { createRateLimiter } from './http/rate.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import { createLive } from './stream/streams.ts'
import { handlePull } from './pull/pull.ts'
import { handlePush } from './push/push.ts'
import { createVerifyGate, handleVerify } from './verify/verify.ts'

export type SyncServerOptions = {
  sync: SyncDefinition
  /** The app keeps it: `close` leaves it open. */
  database: Database
  /** Who sent the request; null, or an exception, is answered with 401. There is no default. */
  authenticate: (request: Request) => Promise<{ userId: string } | null> | { userId: string } | null
  /** For every scope with a key column: which keys a user holds. */
  holders: Holders
  /** By Postgres table name: narrows what may be written in a held scope. */
  authorize?: { [table: string]: Authorize }
  limits?: Partial<Limits>
  /** Failures that callers see only as `server_error` with this id; `console.error` unless told. */
  onError?: ErrorLog
  clock?: Clock
  randomness?: Randomness
}

export type SyncServer = {
  /** Mount it: `app.route('/sync', server.app)`. */
  app: Hono
  /** Deletes what no client within the retention needs; clients away for longer load their scopes again. */
  prune(retentionMs: number): Promise<number>
  /** Tells this process that Postgres has news, where the app knows it sooner than the next poll. */
  wake(): void
  /** Ends the streams and timers. */
  close(): Promise<void>
}

export function createSyncServer(options: SyncServerOptions): SyncServer {
  checkHolders(options.sync.manifest, options.holders)
  const context = createContext(options)
  const log = options.onError ?? ((error, id) => console.error(`landfall ${id}`, error))
  const encode = createErrorEncoder(context.randomness, log)
  const live = createLive(context, (error) => encode(error))
  const parse = createMessageParser(context.limits)
  const gate = createGate(options, context)
  const verifyGate = createVerifyGate(context.limits.verifiesPerUser)

  const push = async (request: PushRequest, user: UserId): Promise<PushResponse> => {
    const response = await handlePush(context, request, user)
    if (response.verdicts.some((verdict) => verdict.outcome !== 'repeated')) live.wake()
    return response
  }

  const half = async <T>(work: () => Promise<T>): Promise<Half<T>> => {
    try {
      return { ok: true, value: await work() }
    } catch (error) {
      return { ok: false, error: encode(error) }
    }
  }

  const sync = async (request: SyncRequest, user: UserId): Promise<SyncResponse> => {
    const { push: pushed, pull: pulled } = request
    const pushHalf = pushed ? await half(() => push(pushed, user)) : null
    const pullHalf = pulled ? await half(() => handlePull(context, pulled, user)) : null
    return { push: pushHalf, pull: pullHalf }
  }

  const answer = async (request: Request, handle: (body: unknown, user: UserId) => Promise<string>) => {
    const user = await gate(request)
    const body = await readJson(request, context.limits)
    return jsonResponse(request, await handle(body, user))
  }

  const app = new Hono()
  app.post('/push', (c) =>
    answer(c.req.raw, async (body, user) => JSON.stringify(await push(parse.push(body), user))),
  )
  app.post('/pull', (c) =>
    answer(c.req.raw, async (body, user) =>
      JSON.stringify(await handlePull(context, parse.pull(body), user)),
    ),
  )
  app.post('/sync', (c) =>
    answer(c.req.raw, async (body, user) => JSON.stringify(await sync(parse.sync(body), user))),
  )
  app.post('/bootstrap', (c) =>
    answer(c.req.raw, (body, user) => handleBootstrap(context, parse.bootstrap(body), user)),
  )
  app.get('/live', async (c) => live.open(await gate(c.req.raw)))
  app.get('/health', async (c) => c.json(await checkHealth(context)))
  app.post('/verify', (c) =>
    answer(c.req.raw, async (body, user) => {
      const request = parse.verify(body)
      return JSON.stringify(await verifyGate(user, () => handleVerify(context, request, user)))
    }),
  )
  app.notFound(() => errorResponse(encode(new LandfallError('not_found'))))
  app.onError((error) => errorResponse(encode(error)))

  return {
    app,
    prune: (retentionMs) => pruneHistory(context.database, retentionMs),
    wake: () => live.wake(),
    close: () => live.close(),
  }
}

function createContext(options: SyncServerOptions): ServerContext {
  return {
    database: options.database,
    sync: options.sync,
    clock: options.clock ?? systemClock,
    randomness: options.randomness ?? systemRandomness,
    holders: options.holders,
    authorize: options.authorize ?? {},
    limits: { ...DEFAULT_LIMITS, ...options.limits },
  }
}

/** Lets a request in, and says whose it is. */
function createGate(
  options: SyncServerOptions,
  context: ServerContext,
): (request: Request) => Promise<UserId> {
  const { clock, limits } = context
  const rate = createRateLimiter(clock, { burst: limits.rateBurst, perSecond: limits.ratePerSecond })
  return async (request) => {
    const known = await identify(options, request)
    if (!known || known.userId === '') throw new LandfallError('unauthenticated')
    rate.take(known.userId)
    checkHeaders(request, options.sync)
    return userId(known.userId)
  }
}

async function identify(options: SyncServerOptions, request: Request): Promise<{ userId: string } | null> {
  try {
    return await options.authenticate(request)
  } catch (error) {
    if (error instanceof LandfallError) throw error
    // Token libraries throw for a bad token; what they say may quote it.
    return null
  }
}

function checkHeaders(request: Request, sync: SyncDefinition): void {
  const version = request.headers.get(PROTOCOL_HEADER)
  if (version !== `${PROTOCOL_VERSION}`) {
    throw new LandfallError('protocol_mismatch', {
      server: PROTOCOL_VERSION,
      client: version?.slice(0, 20) ?? null,
    })
  }
  if (request.headers.get(SCHEMA_HEADER) !== sync.manifest.hash) {
    throw new LandfallError('schema_mismatch', { server: sync.manifest.hash })
  }
}

async function checkHealth(context: ServerContext): Promise<{ ok: true; protocol: number; schema: string }> {
  await context.database.transaction({ isolation: 'read committed', readOnly: true }, (tx) =>
    tx.query('SELECT 1'),
  )
  return { ok: true, protocol: PROTOCOL_VERSION, schema: context.sync.manifest.hash }
}
