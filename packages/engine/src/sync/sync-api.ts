/** The calls that steer the sync loop and wait for it. When a wait ends, the status is already current. */
import type { SyncApi, VerifyApi } from '../api.ts'
import type { StatusBoard } from '../status.ts'
import type { Runner } from './runner.ts'
import type { Verifier } from './verify/verifier.ts'
import type { SyncWaiters } from './waiters.ts'

export type SyncContext = { runner: Runner; waiters: SyncWaiters; verifier: Verifier; board: StatusBoard }

export function createSyncApi({ runner, waiters, board }: SyncContext): SyncApi {
  const steer = async (event: 'pause' | 'resume' | 'signedIn'): Promise<void> => {
    runner.dispatch({ kind: event })
    board.flush()
  }
  const wait = async (waiting: Promise<void>): Promise<void> => {
    runner.dispatch({ kind: 'syncNow' })
    await waiting.finally(() => board.flush())
  }
  return {
    now: () => wait(waiters.synced(runner.state())),
    settled: () => wait(waiters.settled(runner.state())),
    pause: () => steer('pause'),
    resume: () => steer('resume'),
    signedIn: () => steer('signedIn'),
  }
}

export function createVerifyApi({ runner, verifier }: SyncContext, sync: SyncApi): VerifyApi {
  return {
    async run() {
      const found = verifier.begin()
      runner.dispatch({ kind: 'verify' })
      const report = await found
      if (report.ok) return report
      // What was repaired is as new as the server; the pull makes everything else as new. It comes later if it fails.
      await sync.now().catch(() => {})
      return report
    },
  }
}
