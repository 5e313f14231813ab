/**
 * A simulated device: the real engine on real SQLite on a simulated disk, with a clock, a network and luck of its own.
 *
 * It can be closed and opened again, or die at any statement or call of its disk; what was durable is found when it is
 * opened the next time. A dead engine's timers are dropped and nothing leaves it any more, as if the process had gone;
 * its promises may stay open for ever.
 */
import {
  createEngine,
  createLiveQueries,
  type EngineApi,
  type EngineEvent,
  type EngineStatus,
  openStore,
  type SqliteDriver,
  type SqlParam,
} from '@landfall/engine'
import { type Clock, LandfallError, type Manifest } from '@landfall/protocol'
import type { SqliteValue } from '@landfall/schema'
import { type OwnClock, ownClock } from './clock.ts'
import { createDisk, type Disk } from './disk.ts'
import { type Air, createDeviceNetwork, type DeviceNetwork } from './network.ts'
import { openDisk } from './open-disk.ts'
import type { SeededRandom } from './random.ts'
import { aroundDriver, type StatementRun, watchDriver } from './watched-driver.ts'
import type { Mishap } from './weather.ts'

/** A row by column name, as it is stored. */
export type Row = { [column: string]: SqliteValue }

/** A simulated device: a real engine on real SQLite, with a disk, a clock and a network that a test can spoil. */
export type Device = {
  /** As the test called it. */
  readonly name: string
  /** Who is signed in: its token says this name. */
  readonly user: string
  /** The calls of the engine that is open; as of `db` in an app, by part. */
  readonly engine: EngineApi
  /** Up and fair unless the world said otherwise. */
  readonly network: DeviceNetwork
  /** Its own, which may be wrong. */
  readonly clock: OwnClock
  /** Where its database is. */
  readonly disk: Disk
  /** The open database, for those who look past the engine: no fault strikes what they do, and no hook hears of it. @internal */
  readonly driver: SqliteDriver
  /** What its app was built with. @internal */
  readonly manifest: Manifest
  /** How many transactions its engines have committed: nothing has changed while this has not. */
  readonly commits: number
  /** Its engine is open: false after `kill` and `close`, until `open`. */
  readonly alive: boolean
  /** Everything its engines have told, in order. */
  readonly events: readonly EngineEvent[]
  /** As of `db.status` in an app. */
  status(): Promise<EngineStatus>
  /** Runs one statement in its own transaction, as `db.run` does. */
  run(sql: string, params?: SqlParam[]): Promise<void>
  /** The rows of one statement as objects, as `db.all` gives them. */
  rows(sql: string, params?: SqlParam[]): Promise<Row[]>
  /** Changes the database behind the engine's back: nothing is captured. */
  damage(sql: string, params?: SqliteValue[]): void
  /** What the app's token source gives; null: nobody is signed in. */
  setToken(token: string | null): void
  /** Hears of each statement of the engine; what it throws fails the statement. */
  watch(hook: ((run: StatementRun) => void) | null): void
  /** Says for each message what happens to it for certain; null: what the weather says. */
  watchMessages(hook: ((path: string) => Mishap | null) | null): void
  /** The process ends now, or the power goes; `open` finds what is left. */
  kill(loss: 'kill' | 'power'): void
  /** Closes the engine in good order; its disk keeps everything. */
  close(): Promise<void>
  /** Opens the database again, perhaps with the app's next schema (`sync.manifest`). Rejects where the disk fails. */
  open(manifest?: Manifest): Promise<void>
}

export type DeviceParts = {
  name: string
  user: string
  manifest: Manifest
  url: string
  clock: Clock
  skewMs: number
  random: SeededRandom
  /** What its disk has on it, durably: another device's `files()`. */
  files?: ReadonlyMap<string, Uint8Array>
  air: Omit<Air, 'clock' | 'luck' | 'mishap'>
  /** Hears of everything the engine tells, as it is told. */
  heard?: (event: EngineEvent) => void
}

/** `open` makes its database, unless one is among its files. */
export function createDevice(parts: DeviceParts): Device {
  return new SimulatedDevice(parts)
}

export async function openDevice(parts: DeviceParts): Promise<Device> {
  const device = createDevice(parts)
  await device.open()
  return device
}

/** One opening of the database. */
type Life = {
  engine: EngineApi
  driver: SqliteDriver
  /** The same, without the disk's faults. */
  spared: SqliteDriver
  timers: OwnClock
}

class SimulatedDevice implements Device {
  readonly name: string
  readonly user: string
  readonly clock: OwnClock
  readonly disk: Disk
  readonly events: EngineEvent[] = []
  commits = 0
  manifest: Manifest
  readonly #parts: DeviceParts
  readonly #random: SeededRandom
  #token: string | null
  #life: Life | null = null
  #network: DeviceNetwork
  #messages = 0
  #hook: ((run: StatementRun) => void) | null = null
  #mishap: ((path: string) => Mishap | null) | null = null

  constructor(parts: DeviceParts) {
    this.#parts = parts
    this.name = parts.name
    this.user = parts.user
    this.manifest = parts.manifest
    this.clock = ownClock(parts.clock, parts.skewMs)
    this.#random = parts.random.fork(parts.name)
    this.disk = createDisk(this.#random.fork('torn'), parts.files)
    this.#token = parts.user
    this.#network = this.#connect()
  }

  get engine(): EngineApi {
    return this.#running().engine
  }

  get driver(): SqliteDriver {
    return this.#running().spared
  }

  get network(): DeviceNetwork {
    return this.#network
  }

  get alive(): boolean {
    return this.#life !== null && !this.disk.dead
  }

  status(): Promise<EngineStatus> {
    return this.engine.status.read()
  }

  async run(sql: string, params: SqlParam[] = []): Promise<void> {
    await this.engine.sql.query(sql, params)
  }

  async rows(sql: string, params: SqlParam[] = []): Promise<Row[]> {
    const { columns, rows } = await this.engine.sql.query(sql, params)
    return rows.map((row) => Object.fromEntries(columns.map((column, i) => [column, row[i] ?? null])))
  }

  damage(sql: string, params: SqliteValue[] = []): void {
    this.driver.exec('UPDATE landfall_guard SET capturing = 0')
    this.driver.prepare(sql).run(params)
    this.driver.exec('UPDATE landfall_guard SET capturing = 1')
  }

  setToken(token: string | null): void {
    this.#token = token
  }

  watch(hook: ((run: StatementRun) => void) | null): void {
    this.#hook = hook
  }

  watchMessages(hook: ((path: string) => Mishap | null) | null): void {
    this.#mishap = hook
  }

  kill(loss: 'kill' | 'power'): void {
    this.disk.die()
    const life = this.#life
    this.#life = null
    life?.timers.stop()
    this.#network.cut()
    closeQuietly(life?.driver)
    this.disk.restart(loss, this.#random.fork(`restart ${this.#messages}`))
  }

  async close(): Promise<void> {
    const life = this.#life
    this.#life = null
    await life?.engine.file.close()
    life?.timers.stop()
    this.#network.cut()
  }

  async open(manifest = this.manifest): Promise<void> {
    const { url } = this.#parts
    const timers = ownClock({ now: () => this.clock.now(), after: (ms, run) => this.#after(ms, run) })
    const randomness = this.#random.fork(`opening ${this.#messages++}`)
    this.#network = this.#connect(this.#network.conditions)
    const driver = await openDisk(this.disk, { clock: this.clock })
    const watched = watchDriver(driver, (run) => this.#ran(run))
    try {
      const store = openStore(watched, manifest, { clock: timers, randomness })
      this.manifest = manifest
      const listener = (event: EngineEvent): void => this.#heard(event)
      const live = createLiveQueries(watched, listener)
      const ports = { clock: timers, randomness, network: this.#network, listener, signals: () => () => {} }
      const token = async (): Promise<string | null> => this.#token
      const given = { store, live, driver: watched, manifest, url, token, storage: STORAGE }
      const engine = createEngine({ ...given, ...ports })
      this.#life = { engine, driver, spared: this.#spared(driver), timers }
    } catch (error) {
      closeQuietly(driver)
      throw error
    }
  }

  #ran(run: StatementRun): void {
    if (run.when === 'after' && run.sql === 'COMMIT') this.commits++
    this.#hook?.(run)
  }

  /** A timer in which the device dies ends there: nobody is left to throw to. */
  #after(ms: number, run: () => void): () => void {
    return this.#parts.clock.after(ms, () => {
      try {
        run()
      } catch (error) {
        if (!this.disk.dead) throw error
      }
    })
  }

  #spared(driver: SqliteDriver): SqliteDriver {
    const around = aroundDriver(driver, (_, run) => this.disk.spare(run))
    return { ...around, prepare: (sql) => this.disk.spare(() => around.prepare(sql)) }
  }

  #running(): Life {
    if (this.#life === null)
      throw new LandfallError('database_closed', { reason: `${this.name} is not running` })
    return this.#life
  }

  #heard(event: EngineEvent): void {
    if (this.disk.dead) return // nothing leaves it any more
    this.events.push(event)
    this.#parts.heard?.(event)
  }

  #connect(conditions: DeviceNetwork['conditions'] = {}): DeviceNetwork {
    const luck = this.#random.fork(`network ${this.#messages}`)
    return createDeviceNetwork({
      ...this.#parts.air,
      ...conditions,
      clock: this.#parts.clock,
      luck: (message) => luck.fork(`${message}`),
      mishap: (path) => this.#mishap?.(path) ?? null,
    })
  }
}

const STORAGE = {
  kind: 'file',
  persisted: async () => true,
  exist: async () => true,
  remove: async () => {},
} as const

/** A dead disk's database has memory to give back, and nothing else to say. */
function closeQuietly(driver: SqliteDriver | undefined): void {
  try {
    driver?.close()
  } catch {
    // It was dead.
  }
}
