/**
 * What each POST route answers: the body is parsed, handled for the user, and the answer is JSON text.
 *
 * It knows no header and no status: whoever asks has passed the gate, and what goes wrong is thrown as it is.
 */
import type {
  ErrorData,
  Half,
  PullRequest,
  PullResponse,
  PushRequest,
  PushResponse,
  SyncRequest,
  SyncResponse,
  UserId,
} from '@landfall/protocol'
import type { ServerContext } from '../context.ts'
import { handleFirstLoad } from '../pull/first-load.ts'
import { handlePull } from '../pull/pull.ts'
import { handlePush } from '../push/push.ts'
import { createVerifyGate, handleVerify } from '../verify/verify.ts'
import { createMessageParser } from './parse-messages.ts'

/** By route. */
export type Handlers = { [path: string]: (body: unknown, user: UserId) => Promise<string> }

export type Surroundings = {
  encode(error: unknown): ErrorData
  /** A push has changed rows that streams wait for. */
  wake(): void
  /** Before a pull: is capture due to be checked? */
  checkCapture(): Promise<void>
}

export function createHandlers(
  context: ServerContext,
  { encode, wake, checkCapture }: Surroundings,
): Handlers {
  const parse = createMessageParser(context.limits)
  const verifyGate = createVerifyGate(context.limits)

  async function push(request: PushRequest, user: UserId): Promise<PushResponse> {
    const response = await handlePush(context, request, user)
    if (response.verdicts.some((verdict) => verdict.outcome !== 'repeated')) wake()
    return response
  }

  async function pull(request: PullRequest, user: UserId): Promise<PullResponse> {
    await checkCapture()
    return handlePull(context, request, user)
  }

  async function half<T>(work: () => Promise<T>): Promise<Half<T>> {
    try {
      return { ok: true, value: await work() }
    } catch (error) {
      return { ok: false, error: encode(error) }
    }
  }

  async function sync(request: SyncRequest, user: UserId): Promise<SyncResponse> {
    const { push: pushed, pull: pulled } = request
    const pushHalf = pushed ? await half(() => push(pushed, user)) : null
    const pullHalf = pulled ? await half(() => pull(pulled, user)) : null
    return { push: pushHalf, pull: pullHalf }
  }

  return {
    push: async (body, user) => JSON.stringify(await push(parse.push(body), user)),
    pull: async (body, user) => JSON.stringify(await pull(parse.pull(body), user)),
    sync: async (body, user) => JSON.stringify(await sync(parse.sync(body), user)),
    bootstrap: (body, user) => handleFirstLoad(context, parse.firstLoad(body), user),
    verify: async (body, user) => {
      const request = parse.verify(body)
      return JSON.stringify(await verifyGate(user, () => handleVerify(context, request, user)))
    },
  }
}
