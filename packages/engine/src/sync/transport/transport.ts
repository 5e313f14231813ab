/**
 * The engine's side of the HTTP protocol: one request after another, and the poke stream.
 *
 * Every failure becomes a coded error: the server's own, `offline` when no answer came, or `response_invalid` when the
 * answer does not follow the protocol. Does not know when to send, or when to try again.
 */
import {
  type FirstLoadRequest,
  type FirstLoadPage,
  type Clock,
  decodeError,
  LandfallError,
  PROTOCOL_HEADER,
  PROTOCOL_VERSION,
  SCHEMA_HEADER,
  type SyncRequest,
  type SyncResponse,
  type VerifyRequest,
  type VerifyResponse,
} from '@landfall/protocol'
import type { Network, TokenSource } from '../../ports.ts'
import { openPokeStream, type StreamListener } from './poke-stream.ts'
import { checkPageResponse, checkSyncResponse, checkVerifyResponse, errorInBody } from './shape.ts'

export type TransportOptions = {
  /** Where the sync server is mounted. */
  url: string
  /** The manifest's hash. */
  schema: string
  network: Network
  clock: Clock
  token: TokenSource
}

export type Transport = {
  sync(message: SyncRequest, signal: AbortSignal): Promise<SyncResponse>
  page(message: FirstLoadRequest, signal: AbortSignal): Promise<FirstLoadPage>
  verify(message: VerifyRequest, signal: AbortSignal): Promise<VerifyResponse>
  /** Opens the poke stream; the answer closes it, after which the listener hears nothing more. */
  stream(listener: StreamListener): () => void
}

export function createTransport(options: TransportOptions): Transport {
  const base = options.url.replace(/\/+$/, '')

  async function headers(): Promise<Record<string, string>> {
    return {
      authorization: `Bearer ${await askForToken(options.token)}`,
      [PROTOCOL_HEADER]: String(PROTOCOL_VERSION),
      [SCHEMA_HEADER]: options.schema,
    }
  }

  async function post(path: string, message: unknown, signal: AbortSignal): Promise<unknown> {
    const own = { ...(await headers()), 'content-type': 'application/json' }
    signal.throwIfAborted()
    const init = { method: 'POST', headers: own, body: JSON.stringify(message), signal }
    const response = await reach(() => options.network.fetch(`${base}${path}`, init))
    if (!response.ok) throw await refusal(response, options.clock)
    return bodyOf(response)
  }

  return {
    sync: async (message, signal) => checkSyncResponse(await post('/sync', message, signal)),
    page: async (message, signal) => checkPageResponse(await post('/bootstrap', message, signal)),
    verify: async (message, signal) =>
      checkVerifyResponse(await post('/verify', message, signal), message.ask.kind),
    stream: (listener) =>
      openPokeStream({
        clock: options.clock,
        listener,
        async open(signal) {
          const init = { headers: { ...(await headers()), accept: 'text/event-stream' }, signal }
          const response = await reach(() => options.network.fetch(`${base}/live`, init))
          if (!response.ok) throw await refusal(response, options.clock)
          return response
        },
      }),
  }
}

/** No token means that nobody is signed in. */
async function askForToken(source: TokenSource): Promise<string> {
  let token: string | null
  try {
    token = await source()
  } catch (error) {
    if (error instanceof LandfallError) throw error
    throw new LandfallError('token_failed', { cause: causeOf(error) })
  }
  if (token === null || token === '') throw new LandfallError('unauthenticated', { reason: 'no token' })
  return token
}

async function reach(fetch: () => Promise<Response>): Promise<Response> {
  try {
    return await fetch()
  } catch (error) {
    throw error instanceof LandfallError ? error : new LandfallError('offline', { cause: causeOf(error) })
  }
}

async function bodyOf(response: Response): Promise<unknown> {
  if (!isJson(response)) throw notASyncServer(response)
  try {
    return await response.json()
  } catch (error) {
    throw new LandfallError('response_invalid', { status: response.status, cause: causeOf(error) })
  }
}

async function refusal(response: Response, clock: Clock): Promise<LandfallError> {
  const said = errorInBody(await bodyOf(response).catch(() => null))
  const retryAfterMs = retryAfter(response.headers.get('retry-after'), clock)
  const wait = retryAfterMs > 0 ? { retryAfterMs } : {}
  if (said !== null) return decodeError({ ...said, details: { ...wait, ...said.details } })
  const code = codeOf(response.status)
  if (code === null) return notASyncServer(response)
  return new LandfallError(code, { status: response.status, ...wait })
}

/** For answers that are not the sync server's own: a proxy, a host that is starting, a wrong address. */
function codeOf(status: number): StatusCode | null {
  if (status === 401) return 'unauthenticated'
  if (status === 413) return 'too_large'
  if (status === 429) return 'rate_limited'
  if (status === 502 || status === 503 || status === 504) return 'server_busy'
  return status >= 500 ? 'server_error' : null
}

type StatusCode = 'unauthenticated' | 'too_large' | 'rate_limited' | 'server_busy' | 'server_error'

const isJson = (response: Response): boolean =>
  /^application\/json\b/i.test(response.headers.get('content-type') ?? '')

/** A wrong address, an app's page in its place, or a network that wants a sign-in. */
function notASyncServer(response: Response): LandfallError {
  const { url, status, headers } = response
  return new LandfallError('not_a_sync_server', { url, status, contentType: headers.get('content-type') })
}

function retryAfter(header: string | null, clock: Clock): number {
  if (header === null) return 0
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - clock.now()
  return Number.isFinite(ms) ? Math.max(0, ms) : 0
}

const causeOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
