/**
 * P1: what was acknowledged is there whenever the database is opened again, until a pull has acknowledged it in turn.
 *
 * Each acknowledged changeset is remembered as the outbox had it then. Afterwards it must be in the outbox unchanged, or
 * have a verdict; and the next number never falls back, or two transactions would share one. The client stays the same: by
 * its id and the number a repeated push is known.
 */
import type { LocalState, Pending } from './local-state.ts'
import type { Finding } from './snapshot-equality.ts'

export type Acknowledged = {
  /** The app has been told that this is committed. */
  note(pending: Pending): void
  judge(state: LocalState, outbox: readonly Pending[]): Finding[]
}

export function createAcknowledged(): Acknowledged {
  const kept = new Map<number, string>()
  let highest = 0
  let client: string | null = null
  return {
    note({ number, changes }) {
      kept.set(number, JSON.stringify(changes))
      highest = Math.max(highest, number)
    },
    judge(state, outbox) {
      const there = new Map(outbox.map(({ number, changes }) => [number, JSON.stringify(changes)]))
      const findings: Finding[] = []
      if (client !== null && state.client !== client)
        findings.push({ promise: 'P2', what: `it was client ${client} and is ${state.client}` })
      client = state.client
      if (state.nextNumber <= highest)
        findings.push({ promise: 'P1', what: `the next number ${state.nextNumber} was given already` })
      for (const [number, changes] of kept) {
        if (number <= state.acknowledged) kept.delete(number)
        else if (there.get(number) !== changes)
          findings.push({ promise: 'P1', what: `changeset ${number} was acknowledged and is not as it was` })
      }
      return findings
    },
  }
}
