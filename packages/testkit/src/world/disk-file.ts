/**
 * One file of a simulated disk: its bytes as they read now, and what a power cut may make of them.
 *
 * Since the last sync the contents that a 512-byte sector has had are kept, oldest (the synced one) first, and every
 * size that the file has had. A cut picks one of them for each sector and for the size, independently: sectors reach
 * a platter in any order, an overwritten one may be any of its versions, a size may move without its data. A sector
 * itself is never torn. That is more than a real device does, and what SQLite's WAL with full flushes is built to
 * survive. Knows neither SQLite nor other files.
 */
import type { SeededRandom } from './random.ts'

const SECTOR = 512
const FIRST_CAPACITY = 64 * 1024

/** What a change replaced: whole sectors, and the file's size before it. */
type Replaced = { at: number; bytes: Uint8Array; size: number }

export class DiskFile {
  #data = new Uint8Array(FIRST_CAPACITY)
  #size = 0
  /** Since the last sync, oldest first. */
  #replaced: Replaced[] = []

  get size(): number {
    return this.#size
  }

  bytes(): Uint8Array {
    return this.#data.slice(0, this.#size)
  }

  /** Fills the target with zeros behind the file's end; returns how many bytes were there. */
  read(target: Uint8Array, at: number): number {
    const there = Math.max(0, Math.min(target.length, this.#size - at))
    target.set(this.#data.subarray(at, at + there))
    if (there < target.length) target.fill(0, there)
    return there
  }

  write(source: Uint8Array, at: number): void {
    const end = at + source.length
    this.#reserve(end)
    this.#remember(at, end)
    this.#data.set(source, at)
    this.#size = Math.max(this.#size, end)
  }

  truncate(size: number): void {
    if (size >= this.#size) return
    this.#remember(size, this.#size)
    // What is beyond the end reads as zeros once the file grows again.
    this.#data.fill(0, size, this.#size)
    this.#size = size
  }

  sync(): void {
    this.#replaced = []
  }

  cutPower(random: SeededRandom): void {
    for (const [at, contents] of this.#contents()) {
      const kept = contents[random.below(contents.length + 1)]
      if (kept !== undefined) this.#data.set(kept, at)
    }
    const size = this.#replaced[random.below(this.#replaced.length + 1)]?.size ?? this.#size
    this.#data.fill(0, size)
    this.#size = size
    this.sync()
  }

  /** The earlier contents of each changed sector, by where it starts. */
  #contents(): Map<number, Uint8Array[]> {
    const all = new Map<number, Uint8Array[]>()
    for (const { at, bytes } of this.#replaced) {
      for (let offset = 0; offset < bytes.length; offset += SECTOR) {
        const contents = all.get(at + offset) ?? []
        contents.push(bytes.subarray(offset, offset + SECTOR))
        all.set(at + offset, contents)
      }
    }
    return all
  }

  #remember(from: number, to: number): void {
    const at = Math.floor(from / SECTOR) * SECTOR
    const bytes = this.#data.slice(at, Math.ceil(to / SECTOR) * SECTOR)
    this.#replaced.push({ at, bytes, size: this.#size })
  }

  /** Whole sectors, so that one can always be put back. */
  #reserve(end: number): void {
    const needed = Math.ceil(end / SECTOR) * SECTOR
    if (needed <= this.#data.length) return
    const grown = new Uint8Array(Math.max(needed, this.#data.length * 2))
    grown.set(this.#data.subarray(0, this.#size))
    this.#data = grown
  }
}
