/** Errors as data across a port: `attempt` makes an outcome of work, `valueOf` makes work's result of an outcome. */
import { decodeError, encodeError } from '@landfall/protocol'
import type { Outcome } from './messages.ts'

export async function attempt(work: () => unknown): Promise<Outcome> {
  try {
    return { ok: true, value: await work() }
  } catch (error) {
    return { ok: false, error: encodeError(error) }
  }
}

export function valueOf(outcome: Outcome): unknown {
  if (outcome.ok) return outcome.value
  throw decodeError(outcome.error)
}
