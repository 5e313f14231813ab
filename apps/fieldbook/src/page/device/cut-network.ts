/**
 * The worker's side of the offline switch: `fetch` fails while the switch is off, and requests under way are cut, as
 * they are when a device loses its network.
 *
 * Must be evaluated before anything that keeps a `fetch` of its own.
 */
import { channelName, parseWorkerName } from './network.ts'

const realFetch = globalThis.fetch.bind(globalThis)
const start = parseWorkerName(self.name)
let line = new AbortController()
if (!start.on) cutLine()

globalThis.fetch = (input, init) => {
  const signals = init?.signal ? [init.signal, line.signal] : [line.signal]
  return realFetch(input, { ...init, signal: AbortSignal.any(signals) })
}

new BroadcastChannel(channelName(start.database)).onmessage = ({ data: on }: MessageEvent<boolean>) => {
  if (on) line = new AbortController()
  else cutLine()
}

function cutLine(): void {
  line.abort(new TypeError('Failed to fetch: this device is switched offline'))
}
