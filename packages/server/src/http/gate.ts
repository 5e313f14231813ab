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

/** Who sent the request; null, or an exception, is answered with 401. */
export type Authenticate = (
  request: Request,
) => Promise<{ userId: string } | null> | { userId: string } | null

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
    if (error instanceof LandfallError) throw error
    // Token libraries throw for a bad token; what they say may quote it.
    return null
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
