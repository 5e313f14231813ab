/** P7: the losers that a pull has told of are kept on the device together with the pull's cursor. */
import type { PullRequest, PullResponse } from '@landfall/protocol'

export type ToldConflicts = {
  /** What the server has answered; whether it arrives is not known. `at`: the snapshot that the device is at. */
  answered(asked: PullRequest, answer: PullResponse, at: string | null): void
  /** The ids that a device must have whose cursor has moved to the snapshot. */
  due(snapshot: string | null): readonly string[]
}

export function createToldConflicts(): ToldConflicts {
  const told = new Map<string, readonly string[]>()
  return {
    answered({ cursor }, { cursor: next, conflicts }, at) {
      // Whoever loads everything again is not told of old ones.
      if (cursor === null) told.clear()
      // The answer to a request of long ago tells of more.
      else if (conflicts.length > 0 && cursor.snapshot === at)
        told.set(
          next.snapshot,
          conflicts.map(({ id }) => id),
        )
    },
    due(snapshot) {
      const ids = told.get(snapshot ?? '') ?? []
      told.delete(snapshot ?? '')
      return ids
    },
  }
}
