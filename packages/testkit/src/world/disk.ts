/**
 * A simulated disk: files in memory, a fate for every call, death at any of them, and what is found afterwards.
 *
 * A database is opened on it by `openDisk`. Every read, write, sync, truncate, delete and open is a call with a running
 * number, and the watcher says what becomes of it. Death is the machine's: handles opened before it fail for ever and
 * change nothing, also after `restart`. A killed program leaves what it had written, since the system has it; a power
 * cut leaves what was synced and some of the rest (disk-file.ts). Names belong to the directory: one that was made or
 * deleted may be gone or back after a cut, until a deletion asks for a sync or a new file is first synced. SQLite's own
 * Unix files sync the directory then; a browser's pool makes every name durable at once.
 *
 * Not simulated: bytes that decay, syncs that lie, two programs on one disk (the second is refused, as the browser's
 * exclusive handles do).
 */
import { LandfallError } from '@landfall/protocol'
import { DiskFile } from './disk-file.ts'
import type { SeededRandom } from './random.ts'

/** One call of SQLite to a disk. */
export type DiskCall = {
  /** 1 for the first call of the disk's life; restarts do not reset it. */
  n: number
  /** What is asked of the disk. */
  kind: 'read' | 'write' | 'sync' | 'truncate' | 'delete' | 'open'
  /** Empty for a temporary file. */
  file: string
}

/**
 * `fail`: an I/O error, nothing changed. `full`: as when the browser's quota is used up: an I/O error for whatever may
 * need room; reading and deleting go on. `die torn`: a prefix of a write is done, cut anywhere; any other call dies before.
 */
export type DiskFate = 'go' | 'fail' | 'full' | 'die before' | 'die after' | 'die torn'

/** A device's disk: it keeps after a kill what was written, after a power cut what was synced and any part of the rest. */
export type Disk = {
  /** Has the fate of each call decided by a function; null: every call goes well. */
  watch(fate: ((call: DiskCall) => DiskFate) | null): void
  /** Whatever it does now meets no fate, and is not counted. */
  spare<Result>(work: () => Result): Result
  /** The machine stops now, between two calls. */
  die(): void
  /** Every call fails until `restart`. */
  readonly dead: boolean
  /** Makes it usable again, dead or not, with what a new start finds after a killed program or a power cut. */
  restart(kind: 'kill' | 'power', random: SeededRandom): void
  /** Deletes all files under whoever has them open, who notices nothing: cleared site data. */
  erase(): void
  /** Copies of all files by name. */
  files(): Map<string, Uint8Array>
  /** Stored bytes over all files. */
  readonly bytes: number
  /** For `openDisk`: the one program that uses the disk until it detaches, or the machine dies. @internal */
  attach(): DiskSession
}

export type DiskSession = {
  /** Null when there is no such file and none is to be made. Without a name: a temporary file. */
  open(name: string | null, create: boolean): DiskHandle | null
  exists(name: string): boolean
  remove(name: string, synced: boolean): void
  detach(): void
}

export type DiskHandle = {
  read(target: Uint8Array, at: number): number
  write(source: Uint8Array, at: number): void
  truncate(size: number): void
  sync(): void
  size(): number
}

/** Why a call was not done; caught at the VFS, which answers SQLite with a code. */
export class DiskFailure extends Error {
  readonly reason: 'fail' | 'full' | 'dead'

  constructor(reason: DiskFailure['reason']) {
    super(`the disk's call failed: ${reason}`)
    this.reason = reason
  }
}

/** `torn` cuts the writes that are torn; the fates themselves are the watcher's. `files` are there, and durable. */
export function createDisk(torn: SeededRandom, files: ReadonlyMap<string, Uint8Array> = new Map()): Disk {
  return new SimulatedDisk(torn, files)
}

class SimulatedDisk implements Disk {
  readonly #files = new Map<string, DiskFile>()
  /** Made since the directory was last synced. */
  readonly #unnamed = new Set<DiskFile>()
  /** Deleted since then. */
  readonly #ghosts = new Map<string, DiskFile>()
  readonly #torn: SeededRandom
  #fate: ((call: DiskCall) => DiskFate) | null = null
  #calls = 0
  #spared = 0
  #dead = false
  #user: DiskSession | null = null

  constructor(torn: SeededRandom, files: ReadonlyMap<string, Uint8Array>) {
    this.#torn = torn
    for (const [name, bytes] of files) {
      const file = new DiskFile()
      file.write(bytes, 0)
      file.sync()
      this.#files.set(name, file)
    }
  }

  get dead(): boolean {
    return this.#dead
  }

  get bytes(): number {
    return [...this.#files.values()].reduce((sum, file) => sum + file.size, 0)
  }

  watch(fate: ((call: DiskCall) => DiskFate) | null): void {
    this.#fate = fate
  }

  spare<Result>(work: () => Result): Result {
    this.#spared++
    try {
      return work()
    } finally {
      this.#spared--
    }
  }

  die(): void {
    this.#dead = true
  }

  restart(kind: 'kill' | 'power', random: SeededRandom): void {
    if (kind === 'power') this.#cutPower(random)
    this.#user = null
    this.#dead = false
  }

  erase(): void {
    this.#files.clear()
    this.#syncNames()
  }

  files(): Map<string, Uint8Array> {
    return new Map([...this.#files].map(([name, file]) => [name, file.bytes()]))
  }

  attach(): DiskSession {
    if (this.#dead) throw new LandfallError('storage_unavailable', { reason: 'the disk is dead; restart it' })
    if (this.#user !== null) throw new LandfallError('storage_busy', { reason: 'the disk is in use' })
    const perform: Perform = (call, act) => {
      if (this.#user !== session) throw new DiskFailure('dead')
      this.#perform(call, act)
    }
    const session: DiskSession = {
      open: (name, create) => this.#open(name, create, perform),
      exists: (name) => {
        if (this.#dead || this.#user !== session) throw new DiskFailure('dead')
        return this.#files.has(name)
      },
      remove: (file, synced) => perform({ kind: 'delete', file }, () => this.#remove(file, synced)),
      detach: () => {
        if (this.#user === session) this.#user = null
      },
    }
    this.#user = session
    return session
  }

  /** Does the call, or a part of it, or fails, as fate decides. */
  #perform(call: Omit<DiskCall, 'n'>, act: (part: number) => void): void {
    if (this.#dead) throw new DiskFailure('dead')
    if (this.#spared > 0) return act(1)
    const fate = this.#fate?.({ n: ++this.#calls, ...call }) ?? 'go'
    if (this.dead) throw new DiskFailure('dead') // the watcher called `die`
    if (fate === 'fail') throw new DiskFailure('fail')
    if (fate === 'full' && call.kind !== 'read' && call.kind !== 'delete') throw new DiskFailure('full')
    if (fate === 'go' || fate === 'full') return act(1)
    this.#dead = true
    if (fate === 'die after') act(1)
    if (fate === 'die torn' && call.kind === 'write') act(this.#torn.number())
    throw new DiskFailure('dead')
  }

  #open(name: string | null, create: boolean, perform: Perform): DiskHandle | null {
    let file = name === null ? new DiskFile() : this.#files.get(name)
    perform({ kind: 'open', file: name ?? '' }, () => {
      if (file !== undefined || !create || name === null) return
      file = new DiskFile()
      this.#files.set(name, file)
      this.#ghosts.delete(name)
      this.#unnamed.add(file)
    })
    return file === undefined ? null : this.#handle(file, name ?? '', perform)
  }

  #handle(data: DiskFile, file: string, perform: Perform): DiskHandle {
    return {
      read(target, at) {
        let there = 0
        perform({ kind: 'read', file }, () => void (there = data.read(target, at)))
        return there
      },
      write(source, at) {
        perform({ kind: 'write', file }, (part) => {
          data.write(source.subarray(0, Math.floor(source.length * part)), at)
        })
      },
      truncate: (size) => perform({ kind: 'truncate', file }, () => data.truncate(size)),
      sync: () =>
        perform({ kind: 'sync', file }, () => {
          data.sync()
          if (this.#unnamed.has(data)) this.#syncNames()
        }),
      size: () => data.size,
    }
  }

  #remove(name: string, synced: boolean): void {
    const file = this.#files.get(name)
    if (file === undefined) return
    this.#files.delete(name)
    if (!this.#unnamed.delete(file)) this.#ghosts.set(name, file)
    if (synced) this.#syncNames()
  }

  #syncNames(): void {
    this.#unnamed.clear()
    this.#ghosts.clear()
  }

  #cutPower(random: SeededRandom): void {
    for (const [name, ghost] of this.#ghosts) if (random.number() < 0.5) this.#files.set(name, ghost)
    for (const [name, file] of this.#files) {
      if (this.#unnamed.has(file) && random.number() < 0.5) this.#files.delete(name)
      else file.cutPower(random)
    }
    this.#syncNames()
  }
}

type Perform = (call: Omit<DiskCall, 'n'>, act: (part: number) => void) => void
