/**
 * What crosses the port between page and worker, beside Comlink's own messages.
 *
 * Calls go through Comlink and come back as an `Outcome`, because a thrown error loses its fields on the way. The
 * worker's events go over the same port, so that they keep their order with the answers: a live result that belongs
 * to a write is here before the write is acknowledged.
 */
import type { EngineApi, EngineEvent, Signal } from '@landfall/engine'
import type { ErrorData, Manifest } from '@landfall/protocol'

export type Outcome = { ok: true; value: unknown } | { ok: false; error: ErrorData }

/** The first message to the worker itself; the port comes with it. Plain data: it is cloned. */
export type OpenMessage = {
  landfall: 'open'
  database: string
  url: string
  manifest: Manifest
  /** Web Lock that the worker holds as long as it lives. */
  aliveLock: string
  wasmUrl: string | null
}

export type WorkerEvent =
  /** The worker is up: it leads and the database is open, or another tab leads. */
  | { kind: 'hello' }
  | { kind: 'failed'; error: ErrorData }
  /** The worker asks for the app's token; the page answers with `token`. */
  | { kind: 'needToken'; id: number }
  | EngineEvent

/** No `id` at the top: Comlink takes a message with one for an answer. */
export type EventMessage = { landfall: WorkerEvent }

export type EnginePart = keyof EngineApi

/** A call of the engine: its part, and its name there. */
export type EngineCall = [part: EnginePart, method: string]

/** What the worker exposes through Comlink. */
export type HostApi = {
  call(call: EngineCall, args: unknown[]): Promise<Outcome>
  token(id: number, outcome: Outcome): void
  signal(signal: Signal): void
}

export function isEventMessage(data: unknown): data is EventMessage {
  return typeof data === 'object' && data !== null && 'landfall' in data
}
