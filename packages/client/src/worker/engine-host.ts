/**
 * The worker's half of the link: seeks leadership, opens the engine when it leads, answers calls on the port.
 *
 * While another tab leads, calls fail with `database_in_use` and the status says so; when that tab is gone this one
 * opens the files and carries on. A reloaded page finds its predecessor's lock still held for a moment, hence the
 * grace before the page is told that another tab leads.
 */
import {
  type EngineApi,
  type EngineListener,
  type EngineStatus,
  platformSignals,
  type Signal,
} from '@landfall/engine'
import { encodeError, LandfallError } from '@landfall/protocol'
import { expose } from 'comlink'
import type {
  EngineCall,
  EventMessage,
  HostApi,
  OpenMessage,
  Outcome,
  WorkerEvent,
} from '../link/messages.ts'
import { attempt, valueOf } from '../link/outcome.ts'
import { holdForLife, type Leadership, seekLeadership } from './leader.ts'
import { openEngine } from './open-engine.ts'

const GRACE_MS = 1_000

export async function hostEngine(message: OpenMessage, port: MessagePort): Promise<void> {
  await holdForLife(message.aliveLock)
  const host = new EngineHost(message, port)
  await host.start()
}

class EngineHost {
  readonly #message: OpenMessage
  readonly #port: MessagePort
  readonly #leadership: Leadership
  readonly #tokens = new Map<number, (outcome: Outcome) => void>()
  #nextToken = 1
  #engine: EngineApi | null = null
  /** Why there is no engine. */
  #without: LandfallError = new LandfallError('database_in_use')
  #signalled: (signal: Signal) => void = () => {}

  constructor(message: OpenMessage, port: MessagePort) {
    this.#message = message
    this.#port = port
    this.#leadership = seekLeadership(message.database)
  }

  async start(): Promise<void> {
    const api: HostApi = {
      call: (call, args) => attempt(() => this.#call(call, args)),
      token: (id, outcome) => this.#tokenArrived(id, outcome),
      signal: (signal) => this.#signalled(signal),
    }
    expose(api, this.#port)
    const opened = this.#leadership.granted.then(() => this.#lead())
    const grace = new Promise<'waiting'>((resolve) => setTimeout(() => resolve('waiting'), GRACE_MS))
    const leads = await Promise.race([this.#leadership.granted, grace])
    if (leads === 'waiting') {
      this.#tellStatus()
      this.#tell({ kind: 'hello' })
    }
    await opened
    if (leads === 'waiting') return
    this.#tell(
      this.#engine === null ? { kind: 'failed', error: encodeError(this.#without) } : { kind: 'hello' },
    )
  }

  async #lead(): Promise<void> {
    const listener: EngineListener = (event) => this.#tell(event)
    try {
      const token = (): Promise<string | null> => this.#askForToken()
      this.#engine = await openEngine({
        message: this.#message,
        listener,
        token,
        signals: (heard) => this.#listenToSignals(heard),
      })
    } catch (error) {
      this.#without = error instanceof LandfallError ? error : couldNotStart(error)
      this.#leadership.resign()
      this.#tellStatus()
    }
  }

  #listenToSignals(heard: (signal: Signal) => void): () => void {
    this.#signalled = heard
    const stop = platformSignals(heard)
    return () => {
      this.#signalled = () => {}
      stop()
    }
  }

  async #call([part, method]: EngineCall, args: unknown[]): Promise<unknown> {
    const name = `${part}.${method}`
    if (this.#engine === null) return this.#callWithoutEngine(name)
    const calls = this.#engine[part]
    const call: unknown = Object.hasOwn(calls, method) ? Reflect.get(calls, method) : undefined
    if (typeof call !== 'function') throw new LandfallError('not_available', { call: name })
    const result: unknown = await Reflect.apply(call, calls, args)
    if (name === 'file.close' || name === 'file.wipe') this.#leadership.resign()
    return result
  }

  #callWithoutEngine(name: string): unknown {
    if (name === 'status.read') return this.#statusWithoutEngine()
    if (name !== 'file.close') throw this.#without
    this.#without = new LandfallError('database_closed')
    return this.#leadership.resign()
  }

  #askForToken(): Promise<string | null> {
    const id = this.#nextToken++
    this.#tell({ kind: 'needToken', id })
    return new Promise((resolve, reject) => {
      this.#tokens.set(id, (outcome) => {
        try {
          resolve(valueOf(outcome) as string | null)
        } catch (error) {
          reject(error)
        }
      })
    })
  }

  #tokenArrived(id: number, outcome: Outcome): void {
    this.#tokens.get(id)?.(outcome)
    this.#tokens.delete(id)
  }

  #tellStatus(): void {
    this.#tell({ kind: 'status', status: this.#statusWithoutEngine() })
  }

  #statusWithoutEngine(): EngineStatus {
    return {
      phase: this.#without.code === 'database_in_use' ? 'opening' : 'stopped',
      outbox: 0,
      rejections: 0,
      conflicts: 0,
      deferred: 0,
      deferral: null,
      lastSyncedAt: null,
      storage: { kind: 'opfs', persisted: false },
      leader: false,
      scopes: [],
      uncaptured: [],
      user: null,
      error: encodeError(this.#without),
    }
  }

  #tell(event: WorkerEvent): void {
    this.#port.postMessage({ landfall: event } satisfies EventMessage)
  }
}

/** What SQLite's loader throws is no coded error: mostly a wasm file that is not served. */
function couldNotStart(error: unknown): LandfallError {
  return new LandfallError('worker_failed', { cause: error instanceof Error ? error.message : String(error) })
}
