/** The ports of a platform that has the web's globals: a browser's worker or page, and Node. */
import type { Clock, Randomness } from '@landfall/protocol'
import type { Network, Signals } from '../ports.ts'

export const platformClock: Clock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
}

export const platformRandomness: Randomness = {
  number: () => Math.random(),
  uuid: () => crypto.randomUUID(),
}

export const platformNetwork: Network = {
  fetch: (url, init) => fetch(url, { ...init, cache: 'no-store', credentials: 'omit' }),
}

/** A worker hears `online` and `offline` by itself; that its page became visible it must be told. */
export const platformSignals: Signals = (listener) => {
  if (typeof addEventListener !== 'function') return () => {}
  const online = (): void => listener('online')
  const offline = (): void => listener('offline')
  addEventListener('online', online)
  addEventListener('offline', offline)
  return () => {
    removeEventListener('online', online)
    removeEventListener('offline', offline)
  }
}
