/**
 * One file of a simulated disk: its bytes as they read now, and what a power cut may make of them.
 *
 * Since the last sync every content that a 512-byte sector has had is kept, oldest (the synced one) first, and every
 * size that the file has had. A cut picks one of them for each sector and for the size, independently: sectors reach
 * a platter in any order, an overwritten one may be any of its versions, a size may move without its data. A sector
 * itself is never torn. That is more than a real device does, and what SQLite's WAL with full flushes is built to
 * survive. Knows neither SQLite nor other files.
 */
import type { SeededRandom } from './random.ts'

const SECTOR = 512
const NOTHING = new Uint8Array(SECTOR)
const FIRST_CAPACITY = 16 * 1024

export class DiskFile {
  #data = new Uint8Array(FIRST_CAPACITY)
  #size = 0
  /** Earlier contents by sector, the synced one first. */
  readonly #earlier = new Map<number, Uint8Array[]>()
  /** Earlier sizes, the synced one first. */
  #sizes: number[] = []

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
    this.#remember(at, end)
    this.#reserve(end)
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
    this.#earlier.clear()
    this.#sizes = []
  }

  cutPower(random: SeededRandom): void {
    for (const [sector, contents] of this.#earlier) {
      const kept = contents[random.below(contents.length + 1)]
      if (kept !== undefined) this.#data.set(kept, sector * SECTOR)
    }
    const size = this.#sizes[random.below(this.#sizes.length + 1)] ?? this.#size
    this.#data.fill(0, size)
    this.#size = size
    this.sync()
  }

  /** Keeps what the sectors hold before they change. */
  #remember(from: number, to: number): void {
    this.#sizes.push(this.#size)
    for (let sector = Math.floor(from / SECTOR); sector * SECTOR < to; sector++) {
      const start = sector * SECTOR
      const content = start < this.#size ? this.#data.slice(start, start + SECTOR) : NOTHING
      const contents = this.#earlier.get(sector)
      if (contents === undefined) this.#earlier.set(sector, [content])
      else contents.push(content)
    }
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
