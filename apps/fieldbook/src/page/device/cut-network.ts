/**
 * The worker's side of the offline switch: `fetch` fails while the switch is off, and requests under way are cut, as
 * they are when a device loses its network.
 *
 * Must be evaluated before anything that keeps a `fetch` of its own.
 */
import { channelName } from './network.ts'

const realFetch = globalThis.fetch.bind(globalThis)
let cut: AbortController | null = null
let line = new AbortController()

globalThis.fetch = (input, init) => {
  if (cut !== null) return Promise.reject(new TypeError('Failed to fetch: this device is switched offline'))
  const signals = init?.signal ? [init.signal, line.signal] : [line.signal]
  return realFetch(input, { ...init, signal: AbortSignal.any(signals) })
}

new BroadcastChannel(channelName(self.name)).onmessage = ({ data: on }: MessageEvent<boolean>) => {
  if (on) {
    line = new AbortController()
    cut = null
    return
  }
  cut = line
  line.abort(new TypeError('Failed to fetch: this device was switched offline'))
}
