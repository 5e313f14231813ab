/**
 * The stage of one run: Postgres put back to its beginning, server processes, devices, time, and whoever watches.
 *
 * What happens on it is `execute.ts`'s, what is wrong with it the checkers'. Requests are served inside a context of
 * their own (`AsyncLocalStorage`), so that a transaction is known to belong to a request without the server knowing.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { ScopeKey, SyncResponse } from '@landfall/protocol'
import { type Database, PostgresError, type Tx } from '@landfall/server'
import type { SyncDefinition } from '@landfall/schema'
import { createRandom, createVirtualClock, type Device } from '@landfall/testkit'
import type { SeededRandom, VirtualClock } from '@landfall/testkit'
import {
  type Busy,
  createBusy,
  createDevice,
  type Exchange,
  seedSqlite,
  stillness,
} from '@landfall/testkit/internal'
import { type Trace, createTrace } from '../story/trace.ts'
import { readPushRecords } from '../checks/push-records.ts'
import { judgePage, judgeSync } from '../checks/delivery.ts'
import { createOracle, type Oracle } from '../checks/oracle.ts'
import { judgeBytes, judgeSyncBytes } from '../checks/secrets.ts'
import type { Finding } from '../checks/snapshot-equality.ts'
import type { Plan, PlannedDevice } from '../plan/plan.ts'
import { type Committed, type PostgresFaults, type ProcessFaults, reach } from './postgres-side.ts'
import { rememberReads, type RememberedReads } from './remembered-reads.ts'
import { createTruthReader, type RowSet, readRows, type Truth, type TruthReader } from '../checks/truth.ts'
import { createServerProcess, type ServerProcess } from './server-process.ts'
import { START_MS, type Environment } from './environment.ts'
import { messageIn, type ServedRequest, userOf } from './served-request.ts'
import { createWatch, type Watch } from './watch.ts'

const ORIGIN = 'https://landfall.test'

export type Actor = { device: Device; watch: Watch; planned: PlannedDevice }

export type Server = {
  process: ServerProcess
  faults: ProcessFaults
  /** It dies before its next request does anything. */
  diesBefore: boolean
}

export class Stage {
  readonly environment: Environment
  readonly plan: Plan
  readonly clock: VirtualClock = createVirtualClock(START_MS)
  readonly trace: Trace
  readonly random: SeededRandom
  readonly truth: TruthReader
  readonly oracle: Oracle
  readonly faults: PostgresFaults = {
    collision: null,
    loseCommit: false,
    down: false,
    planted: null,
  }
  readonly servers: Server[] = []
  readonly actors: Actor[] = []
  sync: SyncDefinition
  /** Values may go back, and what was acknowledged may be gone: Postgres was restored. */
  restored = false
  /** Tables that went out of capture: devices may lag until all is quiet. `uncaptured`: those still out of it. */
  readonly doubted = new Set<string>()
  readonly uncaptured = new Set<string>()
  /** Devices whose storage has failed without killing them: their calls may be refused. */
  readonly failing = new Set<string>()
  /** False while a device is being damaged on purpose. */
  watching = true
  readonly #busy: Busy = createBusy()
  readonly #reads: RememberedReads = rememberReads(() => this.#served.getStore() !== undefined)
  /** Whose connections nobody of the world sees: the checkers'. */
  #database: Database | null = null
  #newest: { writes: number; truth: Truth } | null = null
  readonly #served = new AsyncLocalStorage<ServedRequest>()
  /** All that each device has pushed. */
  readonly #sent = new Map<string, string>()
  readonly #lastServer = new Map<string, number>()

  constructor(environment: Environment, plan: Plan) {
    this.environment = environment
    this.plan = plan
    this.sync = environment.app.sync
    this.oracle = createOracle(environment.app.mustPass ?? (() => false))
    this.trace = createTrace(this.clock)
    this.random = createRandom(plan.seed)
    const { holders, users } = environment.app
    this.truth = createTruthReader({ manifest: () => this.sync.manifest, holders, users })
  }

  async open(): Promise<void> {
    await this.environment.begin({
      busy: this.#busy,
      random: this.random.fork('turns'),
      deadlocked: (program) => this.trace.struck('deadlock', program),
    })
    await seedSqlite(this.random.fork('sqlite'))
    for (let n = 0; n < this.plan.servers; n++) this.servers.push(await this.#startServer(n))
    await this.truthNow() // where loaded devices are
    for (const planned of this.plan.devices) this.actors.push(await this.#openActor(planned))
    await this.still()
  }

  async close(): Promise<void> {
    for (const { device } of this.actors) device.kill('kill')
    for (const { process } of this.servers) await process.close()
    await this.still()
    this.#served.disable() // each one that is left on is asked at every promise: after fifty worlds a third of all time
  }

  still(): Promise<void> {
    return stillness(this.#busy)
  }

  /** Lets virtual time pass, watching every device at each moment at which something may have happened. */
  async pass(ms: number): Promise<void> {
    const end = this.clock.now() + ms
    await this.still()
    for (let due = this.clock.nextDue(); due !== null && due <= end; due = this.clock.nextDue()) {
      this.clock.moveTo(due)
      await this.still()
      this.look()
    }
    this.clock.moveTo(end)
    await this.still()
    this.look()
  }

  look(): void {
    for (const { watch } of this.watching ? this.actors : []) watch.look()
  }

  found(who: string, findings: readonly Finding[]): void {
    for (const { promise, what } of findings) this.trace.violated(promise, who, what)
  }

  actor(name: string): Actor {
    const found = this.actors.find(({ device }) => device.name === name)
    if (found === undefined) throw new Error(`no device ${name}`)
    return found
  }

  /** Another program's transaction, whole. False when Postgres refused it. */
  async foreign(statements: readonly string[]): Promise<boolean> {
    const database = this.#reads.over(await this.environment.connect('program'))
    try {
      const { before, after } = await this.#untilThrough(() =>
        database.transaction({ isolation: 'read committed', readOnly: false }, async (tx) => {
          const rowsBefore = await this.environment.witness(tx, this.truth)
          for (const statement of statements) await tx.query(statement)
          const rows = await readRows(tx, this.sync.manifest)
          return { before: await rowsBefore(rows), after: rows }
        }),
      )
      this.oracle.noteForeign(before, after, this.clock.now())
      return true
    } catch (error) {
      this.trace.tell('postgres', 'refused', error instanceof Error ? error.message : String(error))
      return false
    }
  }

  /** The rows as they are now. */
  async rows(): Promise<RowSet> {
    return (await this.truthNow()).rows
  }

  async truthNow(): Promise<Truth> {
    const writes = this.#reads.writes()
    if (this.#newest?.writes !== writes)
      this.#newest = { writes, truth: await this.#check((tx) => this.truth.read(tx)) }
    return this.#newest.truth
  }

  /** Of each client, as Postgres has them. */
  async lastNumbers(): Promise<Map<string, number>> {
    const rows = await this.#check((tx) =>
      tx.query('SELECT client, last_number::text AS last FROM landfall.clients'),
    )
    return new Map(rows.map(({ client, last }) => [client ?? '', Number(last)]))
  }

  /** What Postgres knows as rejected. */
  async rejected(): Promise<{ client: string; number: string }[]> {
    const rows = await this.#check((tx) =>
      tx.query('SELECT client, number::text AS number FROM landfall.rejections ORDER BY client, number'),
    )
    return rows.map(({ client, number }) => ({ client: client ?? '', number: number ?? '' }))
  }

  /** Statements outside of any transaction that the port knows. */
  async exec(sql: string): Promise<void> {
    await this.environment.exec(sql)
    this.forget()
  }

  /** Something was written past the database. */
  forget(): void {
    this.#reads.forget()
  }

  async #check<T>(read: (tx: Tx) => Promise<T>): Promise<T> {
    this.#database ??= await this.environment.connect('checkers')
    return this.#database.transaction({ isolation: 'repeatable read', readOnly: true }, read)
  }

  /** Who loses a deadlock tries again, as programs do. */
  async #untilThrough<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (!(error instanceof PostgresError && error.sqlstate === '40P01')) throw error
      }
    }
  }

  /** All scopes that anybody was ever seen to hold. */
  readonly heldOnce = new Set<ScopeKey>()

  async #startServer(n: number): Promise<Server> {
    const { holders, authorize, limits } = this.environment.app
    const name = `server ${n + 1}`
    const faults: ProcessFaults = { dies: null }
    const database = this.#reads.over(await this.environment.connect(name))
    const process = createServerProcess({
      name,
      clock: this.clock,
      randomness: this.random.fork(name),
      options: {
        sync: this.sync,
        holders,
        ...(authorize ? { authorize } : {}),
        ...(limits ? { limits } : {}),
      },
      database: (alive) =>
        reach({
          database,
          shared: this.faults,
          own: faults,
          alive,
          die: () => this.kill(n),
          struck: (fault) => this.trace.struck(fault, name),
          read: (tx) => this.#read(tx),
          writing: (tx) => this.#writing(tx),
        }),
      authenticate: (request) => userOf(request.headers.get('authorization')),
      failed: (error) => this.#failed(name, error),
    })
    return { process, faults, diesBefore: false }
  }

  kill(n: number): void {
    const server = this.servers[n]
    if (server === undefined || !server.process.alive) return
    const moment = server.diesBefore ? 'before' : (server.faults.dies?.moment ?? 'before')
    server.faults.dies = null
    server.diesBefore = false
    this.trace.struck(`server killed ${moment}`, server.process.name)
    server.process.die()
    this.clock.after(500 + this.random.below(3_000), () => {
      server.process.start({ sync: this.sync })
      this.trace.tell(server.process.name, 'started')
    })
  }

  #failed(name: string, error: unknown): void {
    const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
    this.trace.tell(name, 'failed', what)
    // What the server does not understand is a bug of its own, whatever it answers.
    const coded = error instanceof Error && 'code' in error
    if (!coded && !/connection|57P01|lost against/.test(what)) this.trace.violated('P12', name, what)
  }

  async #openActor(planned: PlannedDevice): Promise<Actor> {
    const { name, user, skewMs, later = false, loaded = false } = planned
    const files = loaded ? this.environment.loaded.get(name) : undefined
    if (skewMs !== 0) this.trace.struck('clock skewed', name)
    const device: Device = createDevice({
      name,
      user,
      skewMs,
      ...(files ? { files } : {}),
      manifest: this.sync.manifest,
      url: ORIGIN,
      clock: this.clock,
      random: this.random,
      air: {
        route: (luck) => this.#route(name, luck),
        struck: (fault) => this.trace.struck(fault, name),
        seen: (exchange) => this.#seen(name, exchange),
      },
      heard: (event) => watch.heard(event),
    })
    const { trace, truth, failing, doubted, environment } = this
    const surroundings = { app: environment.app, trace, truth, failing, doubted }
    const watch: Watch = createWatch({ ...surroundings, isRestored: () => this.restored }, device)
    if (!later) {
      await device.open()
      await watch.opened()
    }
    return { device, watch, planned }
  }

  /** A request that comes from no device. */
  handle(who: string, request: Request): Promise<Response> {
    return this.#route(who, this.random)(request)
  }

  #route(device: string, luck: SeededRandom): (request: Request) => Promise<Response> {
    const n = luck.below(this.servers.length)
    const server = this.servers[n]
    const last = this.#lastServer.get(device)
    if (last !== undefined && last !== n) this.trace.struck('another server')
    this.#lastServer.set(device, n)
    return async (request) => {
      if (server === undefined) throw new TypeError('connection refused')
      if (server.diesBefore) this.kill(n)
      const served: ServedRequest = {
        user: userOf(request.headers.get('authorization'))?.userId ?? '',
        path: new URL(request.url).pathname,
        ...(await messageIn(request)),
        truth: null,
      }
      if (served.push !== null)
        this.#sent.set(device, (this.#sent.get(device) ?? '') + JSON.stringify(served.push.changesets))
      const response = await this.#served.run(served, () => server.process.handle(request))
      if (served.path === '/live') return response
      return this.#delivered(device, served, response)
    }
  }

  /** Judges an answer as it leaves the server. */
  async #delivered(
    device: string,
    { path, truth, user, pull }: ServedRequest,
    response: Response,
  ): Promise<Response> {
    const text = await response.text()
    const { manifest } = this.sync
    if (response.ok && truth !== null) {
      const body: unknown = JSON.parse(text)
      const truthAt = (snapshot: string): Truth | undefined =>
        truth.snapshot === snapshot ? truth : undefined
      const reader = { user, sent: this.#sent.get(device) ?? '' }
      if (path === '/sync') {
        const answer = body as SyncResponse
        this.found(device, judgeSync(answer, { user, truthAt, manifest }))
        this.found(device, judgeSyncBytes(answer, truth, reader))
        const actor = this.actors.find((each) => each.device.name === device)
        if (pull !== null && answer.pull?.ok) actor?.watch.answered(pull, answer.pull.value)
      }
      if (path === '/bootstrap') {
        this.found(device, judgePage(body as never, { user, truth, manifest }))
        this.found(device, judgeBytes(text, truth, reader))
      }
    }
    return new Response(text, { status: response.status, headers: response.headers })
  }

  async #read(tx: Tx): Promise<void> {
    const served = this.#served.getStore()
    if (served === undefined) return
    served.truth = await this.truth.read(tx)
    for (const keys of served.truth.held.values()) for (const key of keys) this.heldOnce.add(key)
  }

  async #writing(tx: Tx): Promise<() => Promise<Committed>> {
    const request = this.#served.getStore()?.push ?? null
    if (request === null) return async () => () => {}
    const rowsBefore = await this.environment.witness(tx, this.truth)
    const user = this.#served.getStore()?.user ?? ''
    // Where transactions overlap, a membership may change in the midst of the push.
    const held = this.environment.overlaps ? null : ((await this.truth.read(tx)).held.get(user) ?? new Set())
    return async () => {
      const records = await readPushRecords(tx, request.client)
      if (records === null) return () => {} // a writing transaction of the request that was not its push
      const after = await readRows(tx, this.sync.manifest)
      const before = await rowsBefore(after)
      const seen = { request, before, after, held, serverMs: this.clock.now(), ...records }
      return () => this.found(request.client, this.oracle.judgePush(seen))
    }
  }

  #seen(device: string, { path, sent, received, status }: Exchange): void {
    if (path === '/live') return
    const outcome = received === null ? 'no answer' : `${status}, ${received.length} bytes`
    this.trace.tell(device, `${path} ${sent.length} bytes`, outcome)
  }
}
