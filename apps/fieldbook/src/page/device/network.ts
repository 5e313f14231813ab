/**
 * The demo's offline switch, page side: tells this device's worker whether its requests may reach the network.
 *
 * The worker's side is `worker.ts`, which makes every request of a switched-off device fail as a missing network does.
 * Sync itself is not paused and knows nothing of the switch: it meets failing requests and deals with them.
 */
import { useSyncExternalStore } from 'react'

export const channelName = (database: string): string => `fieldbook-network:${database}`

export type NetworkSwitch = {
  readonly on: boolean
  turn(on: boolean): void
  listen(listener: () => void): () => void
}

export function createNetworkSwitch(database: string): NetworkSwitch {
  const channel = new BroadcastChannel(channelName(database))
  const listeners = new Set<() => void>()
  let on = true
  return {
    get on() {
      return on
    },
    turn(next) {
      on = next
      channel.postMessage(next)
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
