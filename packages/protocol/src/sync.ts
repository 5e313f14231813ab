/**
 * One round trip for both directions, and the poke that asks for it.
 *
 * `POST /sync` does the push first and then the pull, each in its own transaction, so that the pull already shows
 * the push's effects. `POST /push` and `POST /pull` are the same two alone. A failed push does not hold up the pull
 * (P8): each half carries its own error. The poke says only that a pull would find something, and for which scopes.
 */
import type { ScopeKey } from './brands.ts'
import type { ErrorData } from './errors.ts'
import type { PullRequest, PullResponse } from './pull.ts'
import type { PushRequest, PushResponse } from './push.ts'

export type SyncRequest = {
  push: PushRequest | null
  pull: PullRequest | null
}

export type Half<Response> = { ok: true; value: Response } | { ok: false; error: ErrorData }

export type SyncResponse = {
  push: Half<PushResponse> | null
  pull: Half<PullResponse> | null
}

/** The data of a server-sent event named `poke`. The event `hello` (no data) says that the stream is open. */
export type Poke = { scopes: ScopeKey[] }

/** Request headers beside `authorization: Bearer ...`. */
export const PROTOCOL_HEADER = 'landfall-protocol'
export const SCHEMA_HEADER = 'landfall-schema'
export const PROTOCOL_VERSION = 1
