/**
 * Calls that always end: each ends with its answer, or with the error that ended all of them.
 *
 * A call to a dead worker would hang for ever, and browsers send no event when a worker dies; so every call races
 * against one common end. Does not know what is called.
 */
import type { LandfallError } from '@landfall/protocol'

export type Calls = {
  /** Runs the call and ends with it, or with the end, whichever comes first. */
  run<T>(call: () => Promise<T>): Promise<T>
  /** Fails all pending calls and all to come. The first end counts. */
  fail(error: LandfallError): void
  failure(): LandfallError | null
}

export function createCalls(): Calls {
  const pending = new Set<(error: LandfallError) => void>()
  let failed: LandfallError | null = null
  return {
    run<T>(call: () => Promise<T>) {
      if (failed !== null) return Promise.reject(failed)
      return new Promise<T>((resolve, reject) => {
        pending.add(reject)
        const done = (): void => void pending.delete(reject)
        call().finally(done).then(resolve, reject)
      })
    },
    fail(error) {
      failed ??= error
      for (const reject of pending) reject(failed)
      pending.clear()
    },
    failure: () => failed,
  }
}
