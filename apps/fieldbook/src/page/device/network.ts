/**
 * The demo's offline switch, page side: tells this device's worker whether its requests may reach the network.
 *
 * The worker's side is `cut-network.ts`, which makes every request of a switched-off device fail as a missing network
 * does. Sync itself is not paused and knows nothing of the switch: it meets failing requests and deals with them. A
 * device that is switched off stays so through a reload; the worker learns how it starts from its name.
 */
import { useSyncExternalStore } from 'react'

export type NetworkSwitch = {
  readonly on: boolean
  turn(on: boolean): void
  listen(listener: () => void): () => void
}

export const channelName = (database: string): string => `fieldbook-network:${database}`

export const workerName = (database: string, on: boolean): string => `${on ? 'on' : 'off'}:${database}`

/** The inverse of `workerName`. */
export function parseWorkerName(name: string): { database: string; on: boolean } {
  const colon = name.indexOf(':')
  return { database: name.slice(colon + 1), on: name.slice(0, colon) === 'on' }
}

export function createNetworkSwitch(database: string): NetworkSwitch {
  const channel = new BroadcastChannel(channelName(database))
  const key = `fieldbook.offline.${database}`
  const listeners = new Set<() => void>()
  let on = localStorage.getItem(key) === null
  return {
    get on() {
      return on
    },
    turn(next) {
      on = next
      if (on) localStorage.removeItem(key)
      else localStorage.setItem(key, 'yes')
      channel.postMessage(on)
      for (const listener of listeners) listener()
    },
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

export function useNetworkSwitch(network: NetworkSwitch): boolean {
  return useSyncExternalStore(network.listen, () => network.on)
}
