/**
 * The engine: one open store with its transactions, live queries and sync loop, behind `EngineApi`.
 *
 * This module only puts the parts together. The turnstile keeps local transactions and remote rows apart; after each
 * commit of either kind the live queries of the touched tables are flushed; the loop hears of every write. It knows
 * no platform: everything outside comes in through ports, and whoever calls it decides who may.
 */
import {
  type Clock,
  encodeError,
  type ErrorData,
  LandfallError,
  type Manifest,
  type Randomness,
} from '@landfall/protocol'
import type { EngineApi, EngineListener, EngineStatus, StorageState } from './api.ts'
import { createFilesGuard, type FilesGuard } from './files-guard.ts'
import type { LiveQueries } from './live/live-queries.ts'
import type { DatabaseFiles, Network, Signal, Signals, SqliteDriver, TokenSource } from './ports.ts'
import { Runner } from './sync/runner.ts'
import { createStatusBoard, type StatusBoard } from './status.ts'
import { createConflictsApi, createRejectionsApi, createScopesApi } from './store/kept-api.ts'
import type { Store, Touched } from './store/store.ts'
import { storeFacts } from './sync/requests.ts'
import { createSyncApi, createVerifyApi } from './sync/sync-api.ts'
import { createSyncWaiters, type SyncWaiters } from './sync/waiters.ts'
import { createSqlApi } from './local/sql-api.ts'
import { type Commit, Transactions } from './local/transactions.ts'
import { createTransport } from './sync/transport/transport.ts'
import { createTurnstile, inTurn, type Turnstile } from './local/turnstile.ts'
import { createVerifier, type Verifier } from './sync/verify/verifier.ts'

export type EngineOptions = {
  store: Store
  driver: SqliteDriver
  live: LiveQueries
  manifest: Manifest
  /** Where the sync server is mounted. */
  url: string
  network: Network
  clock: Clock
  randomness: Randomness
  token: TokenSource
  storage: DatabaseFiles
  signals: Signals
  listener: EngineListener
}

/** Starts the work on an open store, and answers the calls that it takes. */
export function createEngine(options: EngineOptions): EngineApi {
  return new Engine(options).api()
}

/** Each call asks first whether there is anything to call. */
function guarded<Part extends object>(part: Part, check: () => void): Part {
  return new Proxy(part, {
    get(calls, name) {
      const call: unknown = Reflect.get(calls, name)
      if (typeof call !== 'function') return call
      return async (...args: unknown[]): Promise<unknown> => {
        check()
        return Reflect.apply(call, calls, args)
      }
    },
  })
}

class Engine {
  readonly #options: EngineOptions
  readonly #turnstile: Turnstile = createTurnstile()
  readonly #waiters: SyncWaiters = createSyncWaiters()
  readonly #verifier: Verifier
  readonly #guard: FilesGuard
  readonly #runner: Runner
  readonly #board: StatusBoard
  readonly #transactions: Transactions
  readonly #stopSignals: () => void
  #storage: StorageState
  #outbox: number
  /** What ended the work for good. */
  #ended: LandfallError | null = null

  constructor(options: EngineOptions) {
    const { store, clock, storage, listener } = options
    this.#options = options
    this.#storage = { kind: storage.kind, persisted: false }
    this.#outbox = store.outboxCount()
    this.#guard = createFilesGuard({ files: storage, clock, lost: (error) => this.#end(error) })
    this.#verifier = createVerifier({
      ...options,
      turnstile: this.#turnstile,
      applied: (touched) => this.#applied(touched),
    })
    this.#runner = this.#createRunner()
    this.#board = createStatusBoard({
      clock,
      store,
      driver: options.driver,
      loop: () => this.#runner.state(),
      storage: () => this.#storage,
      fatal: () => this.#fatal(),
      listener: (status) => listener({ kind: 'status', status }),
    })
    this.#transactions = new Transactions({
      store,
      turnstile: this.#turnstile,
      clock,
      committed: (commit) => this.#committed(commit),
      filesPresent: () => this.#guard.present(),
    })
    this.#stopSignals = options.signals((signal) => this.#signalled(signal))
    this.#runner.dispatch({ kind: 'lead', store: storeFacts(store) })
    void this.#lookAtStorage()
  }

  /** The calls, by part. Each but those that end the work fails once the work has ended. */
  api(): EngineApi {
    const { store, live } = this.#options
    const inOrder = <T>(work: () => T): Promise<T> => inTurn(this.#turnstile, work)
    const kept = { store, inTurn: inOrder, recount: () => this.#recount() }
    const syncing = {
      runner: this.#runner,
      waiters: this.#waiters,
      verifier: this.#verifier,
      board: this.#board,
    }
    const sync = createSyncApi(syncing)
    const works = (): void => this.#mustWork()
    return {
      sql: guarded(
        createSqlApi({
          transactions: this.#transactions,
          live,
          turnstile: this.#turnstile,
          onFiles: (work) => this.#onFiles(work),
        }),
        works,
      ),
      sync: guarded(sync, works),
      verify: guarded(createVerifyApi(syncing, sync), works),
      conflicts: guarded(createConflictsApi(kept), works),
      rejections: guarded(createRejectionsApi(kept), works),
      scopes: guarded(createScopesApi(), works),
      file: {
        export: async () => {
          works()
          return inOrder(() => this.#options.driver.export())
        },
        close: () => this.#close(),
        wipe: () => this.#wipe(),
      },
      status: { read: () => this.#status() },
    }
  }

  async #status(): Promise<EngineStatus> {
    if (this.#ended?.code === 'database_closed') throw this.#ended
    return this.#board.read()
  }

  async #close(): Promise<void> {
    if (this.#ended?.code === 'database_closed') return
    const closed = new LandfallError('database_closed')
    this.#end(closed)
    this.#ended = closed
    this.#board.close()
    this.#options.driver.close()
  }

  async #wipe(): Promise<void> {
    await this.#close()
    await this.#options.storage.remove()
  }

  #createRunner(): Runner {
    const transport = createTransport({ ...this.#options, schema: this.#options.manifest.hash })
    return new Runner({
      ...this.#options,
      transport,
      verifier: this.#verifier,
      turnstile: this.#turnstile,
      applied: (touched) => this.#applied(touched),
      onStep: (step) => {
        this.#waiters.heard(step)
        this.#verifier.heard(step)
        if (step.event.kind === 'applyFailed') void this.#guard.recheck().catch(() => {})
        this.#board.changed()
      },
    })
  }

  /** Remote rows were committed. */
  #applied(touched: Touched): void {
    this.#options.live.flush(touched)
    this.#outbox = this.#options.store.outboxCount()
    this.#board.recount()
  }

  #committed({ number, touched }: Commit): void {
    this.#options.live.flush(touched)
    if (number === null) return
    this.#outbox += 1
    this.#runner.dispatch({ kind: 'wrote', outbox: this.#outbox })
  }

  #signalled(signal: Signal): void {
    this.#runner.dispatch({ kind: EVENT_OF[signal] })
    void this.#lookAtStorage()
  }

  /** The browser may have promised to keep the files since, or have deleted them. */
  async #lookAtStorage(): Promise<void> {
    const { storage } = this.#options
    const persisted = await storage.persisted().catch(() => false)
    await this.#guard.present().catch(() => {}) // what it finds, it tells by `lost`
    this.#storage = { kind: storage.kind, persisted }
    this.#board.changed()
  }

  /** What SQLite takes for a full disk may be files that were deleted under it. */
  async #onFiles<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      if (error instanceof LandfallError && error.category === 'storage') await this.#guard.recheck()
      throw error
    }
  }

  /** Ends all work: calls that wait, and those to come, fail with the error. */
  #end(error: LandfallError): void {
    if (this.#ended !== null) return
    this.#ended = error
    this.#stopSignals()
    this.#guard.close()
    this.#verifier.fail(error)
    this.#runner.dispatch({ kind: 'unlead' })
    this.#turnstile.shut(error)
    this.#transactions.close()
    this.#waiters.fail(error)
  }

  #fatal(): ErrorData | null {
    return this.#ended === null ? null : encodeError(this.#ended)
  }

  #recount(): void {
    this.#board.recount()
    this.#board.changed()
  }

  #mustWork(): void {
    if (this.#ended !== null) throw this.#ended
  }
}

const EVENT_OF = { online: 'wentOnline', offline: 'wentOffline', visible: 'becameVisible' } as const
