/** What the page of the bench offers to Node; one options object each, so that a call crosses as one value. */
import type { RowsOptions } from '../shared/rows.ts'
import type { WorkerCall } from './worker-calls.ts'

export type ClientOptions = { database: string; user: string }

export type PageApi = {
  /** Asks the bench's own worker. */
  worker(call: WorkerCall): Promise<number>
  /** Opens a client whose sync is paused. */
  openPaused(options: ClientOptions): Promise<void>
  /** Opens a client; wall milliseconds from nothing until the scope is ready. */
  openLoaded(options: ClientOptions & { scope: string }): Promise<number>
  countClient(options: object): Promise<number>
  wipeClient(options: object): Promise<void>
  /** Makes the rows of the next `clientBulk` or `clientSingles`. */
  prepareClient(options: RowsOptions): Promise<void>
  /** Wall milliseconds of one batch of inserts, and of as many single writes. */
  clientBulk(options: object): Promise<number>
  clientSingles(options: object): Promise<number>
  /** Starts the live query whose results `whenSeen` waits for. */
  watch(options: { id: string }): Promise<void>
  /** Writes the title; gives the time at which it began. */
  write(options: { id: string; title: string }): Promise<number>
  /** The time at which the live query showed the title. */
  whenSeen(options: { title: string }): Promise<number>
  /** Wall milliseconds of one raw request. */
  roundTrip(options: object): Promise<number>
}

/** Milliseconds since 1970 with fractions: comparable between the processes of one machine. */
export function now(): number {
  return performance.timeOrigin + performance.now()
}
