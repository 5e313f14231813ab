/**
 * The gate in front of every route: who is it, may it ask now, is it of our protocol and schema.
 *
 * It knows no route and reads no body.
 */
import {
  type Clock,
  LandfallError,
  PROTOCOL_HEADER,
  PROTOCOL_VERSION,
  SCHEMA_HEADER,
  userId,
  type UserId,
} from '@landfall/protocol'
import type { Limits } from '../limits.ts'
import { createRateLimiter } from './rate.ts'

/**
 * Who sent the request; null is answered with 401, and the device waits for another token. An exception says that it
 * cannot be told now: it goes to `onError`, is answered with 503, and the device tries again.
 */
export type Authenticate = (
  request: Request,
) => Promise<{ userId: string } | null> | { userId: string } | null

/** The app's own function has thrown; whose request it was is not known. */
export class AuthenticateError extends Error {}

export type GateOptions = {
  authenticate: Authenticate
  /** The hash of the manifest that this server serves. */
  schema: string
  limits: Limits
  clock: Clock
}

/** Lets a request in, and says whose it is. */
export function createGate(options: GateOptions): (request: Request) => Promise<UserId> {
  const { authenticate, schema, limits, clock } = options
  const rate = createRateLimiter(clock, { burst: limits.rateBurst, perSecond: limits.ratePerSecond })
  return async (request) => {
    const known = await identify(authenticate, request)
    if (!known || known.userId === '') throw new LandfallError('unauthenticated')
    rate.take(known.userId)
    checkHeaders(request, schema)
    return userId(known.userId)
  }
}

async function identify(authenticate: Authenticate, request: Request): Promise<{ userId: string } | null> {
  try {
    return await authenticate(request)
  } catch (error) {
    throw error instanceof LandfallError
      ? error
      : new AuthenticateError('authenticate has thrown', { cause: error })
  }
}

function checkHeaders(request: Request, schema: string): void {
  const version = request.headers.get(PROTOCOL_HEADER)
  if (version !== `${PROTOCOL_VERSION}`) {
    throw new LandfallError('protocol_mismatch', {
      server: PROTOCOL_VERSION,
      client: version?.slice(0, 20) ?? null,
    })
  }
  if (request.headers.get(SCHEMA_HEADER) !== schema) {
    throw new LandfallError('schema_mismatch', { server: schema })
  }
}
