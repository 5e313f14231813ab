/**
 * Admits one holder at a time, in the order of arrival: keeps transactions, pulls and pages apart.
 *
 * A lock rather than a queue of functions, because an interactive transaction holds it across many calls. Knows
 * nothing of SQLite or of time, and does not limit how long a holder stays.
 */
import type { LandfallError } from '@landfall/protocol'

export type Release = () => void

export type Turnstile = {
  /** Resolves when it is the caller's turn; the answer lets the next one in. Rejects once shut. */
  enter(): Promise<Release>
  /** Lets nobody in any more: those who wait, and all who come, get the error. Who is inside stays until released. */
  shut(error: LandfallError): void
}

type Waiting = { admit: (release: Release) => void; refuse: (error: LandfallError) => void }

export function createTurnstile(): Turnstile {
  const waiting: Waiting[] = []
  let taken = false
  let closedBy: LandfallError | null = null

  function admitNext(): void {
    const next = waiting.shift()
    taken = next !== undefined
    next?.admit(releaseOnce())
  }

  function releaseOnce(): Release {
    let held = true
    return () => {
      if (!held) return
      held = false
      admitNext()
    }
  }

  return {
    enter() {
      if (closedBy !== null) return Promise.reject(closedBy)
      if (!taken) {
        taken = true
        return Promise.resolve(releaseOnce())
      }
      return new Promise((admit, refuse) => waiting.push({ admit, refuse }))
    },
    shut(error) {
      closedBy = error
      for (const { refuse } of waiting.splice(0)) refuse(error)
    },
  }
}

/** Does the work when it is its turn. */
export async function inTurn<T>(turnstile: Turnstile, work: () => T | Promise<T>): Promise<T> {
  const release = await turnstile.enter()
  try {
    return await work()
  } finally {
    release()
  }
}
