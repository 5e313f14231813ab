/**
 * The verification under way and its waiters: a call during one gets the same result.
 *
 * One that marks have asked for, nobody waits for: it goes through the marked tables, and makes way for a call.
 * The sync loop decides when a question is asked, and ends the verification when sync is paused, or a request fails.
 */
import {
  decodeError,
  LandfallError,
  type VerifyReport,
  type VerifyRequest,
  type VerifyResponse,
} from '@landfall/protocol'
import { errorOf } from '../loop/phase.ts'
import type { Event, State } from '../loop/state.ts'
import type { Taken } from '../waiters.ts'
import { Verification, type VerificationContext } from './verification.ts'

export type Verifier = {
  /** Resolves with what was found once the loop, told to verify, has had every question answered. */
  begin(): Promise<VerifyReport>
  /** The next question; null when nobody waits for an answer. */
  request(): VerifyRequest | null
  answer(response: VerifyResponse): Promise<void>
  /** Whether questions are left. */
  more(): boolean
  heard(step: Taken): void
  fail(error: LandfallError): void
}

type Running = {
  tables: 'all' | 'marked'
  verification: Verification
  report: Promise<VerifyReport>
  resolve: (report: VerifyReport) => void
  reject: (error: LandfallError) => void
}

export function createVerifier(context: VerificationContext): Verifier {
  let running: Running | null = null

  function fail(error: LandfallError): void {
    running?.reject(error)
    running = null
  }

  return {
    begin() {
      if (running?.tables !== 'all') running = startRunning(context, 'all')
      return running.report
    },
    request() {
      const isMarked = context.store.syncState().gaps.some(({ marks }) => marks > 0)
      if (running === null && isMarked) running = startRunning(context, 'marked')
      return running?.verification.request() ?? null
    },
    answer: async (response) => running?.verification.answer(response),
    more: () => running?.verification.done === false,
    heard({ event, after }) {
      if (running === null) return
      const { verification, resolve } = running
      if (!after.facts.verifying && !verification.done) fail(reasonOf(event, after))
      else if (!after.facts.verifying) {
        running = null
        resolve(verification.report())
      } else if (isStuck(after)) fail(reasonOf(event, after))
    },
    fail,
  }
}

function startRunning(context: VerificationContext, tables: Running['tables']): Running {
  let resolve: Running['resolve'] = () => {}
  let reject: Running['reject'] = () => {}
  const report = new Promise<VerifyReport>((...ends) => ([resolve, reject] = ends))
  report.catch(() => {}) // whoever called has it; nobody has called for marks
  return { tables, verification: new Verification(context, tables), report, resolve, reject }
}

/** A scope that cannot be loaded would be waited for without end. */
const isStuck = ({ facts }: State): boolean => !facts.store.ready && facts.pageTrouble !== null

function reasonOf(event: Event, after: State): LandfallError {
  const error = 'error' in event ? event.error : errorOf(after)
  return error === null ? new LandfallError('sync_paused') : decodeError(error)
}
