/** What the page of the bench offers to Node; one options object each, so that a call crosses as one value. */
import type { WorkerCall } from './worker-calls.ts'

export type ClientOptions = { database: string; user: string }

export type PageApi = {
  /** Asks the bench's own worker. */
  worker(call: WorkerCall): Promise<number>
  openClient(options: ClientOptions & { paused: boolean }): Promise<void>
  wipeClient(options: object): Promise<void>
  /** Wall milliseconds of one batch of inserts, and of as many single writes. */
  clientBulk(options: { seed: number; count: number }): Promise<number>
  clientSingles(options: { seed: number; count: number }): Promise<number>
  /** Wall milliseconds from `openLandfall` until the scope is ready; wipes the database again. */
  firstLoad(options: ClientOptions & { scope: string; rows: number }): Promise<number>
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
