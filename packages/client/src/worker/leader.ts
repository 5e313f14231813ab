/**
 * Leadership: at most one worker per database holds the Web Lock `landfall:<database>` and may open the files.
 *
 * The browser grants the lock to the next in line when its holder closes, crashes or is killed, so there is no heartbeat
 * and no moment with two leaders. Locks belong to the origin, as the files do.
 */

export type Leadership = {
  /** Resolves when this worker leads. */
  readonly granted: Promise<void>
  /** Gives it up, or stops waiting for it. */
  resign(): void
}

export function seekLeadership(database: string): Leadership {
  const waiting = new AbortController()
  let release: () => void = () => {}
  let resigned = false
  const granted = new Promise<void>((resolve) => {
    const hold = (): Promise<void> | undefined => {
      if (resigned) return undefined
      resolve()
      return new Promise<void>((done) => {
        release = done
      })
    }
    navigator.locks.request(`landfall:${database}`, { signal: waiting.signal }, hold).catch(() => {}) // aborted
  })
  return {
    granted,
    resign() {
      resigned = true
      waiting.abort()
      release()
    },
  }
}

/** Holds a lock until this worker is gone: how its page learns of its death. */
export function holdForLife(lock: string): Promise<void> {
  return new Promise((held) => {
    void navigator.locks.request(lock, () => {
      held()
      return new Promise<never>(() => {})
    })
  })
}
