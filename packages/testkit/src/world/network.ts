/**
 * A network between engines and one server app, in memory, that loses, repeats and delays as it is told.
 *
 * It carries real `Request`s to the real Hono app. What it does to one exchange is decided before the exchange by the
 * `Weather`. Streams (`GET /live`) are handed through and cut when the device goes offline.
 */
import type { Clock } from '@landfall/protocol'
import type { Network } from '@landfall/engine'

/** What becomes of one exchange. */
export type Fate = 'deliver' | 'lose request' | 'lose response' | 'repeat'

export type Weather = { fate(): Fate; delayMs(): number }

export const CALM: Weather = { fate: () => 'deliver', delayMs: () => 0 }

export type Handler = (request: Request) => Response | Promise<Response>

export type DeviceNetwork = Network & { setOnline(online: boolean): void; setWeather(weather: Weather): void }

export type Air = { clock: Clock; handler: Handler }

export function createDeviceNetwork(air: Air): DeviceNetwork {
  let online = true
  let weather = CALM
  const streams = new Set<AbortController>()
  return {
    setOnline(value) {
      online = value
      if (!online) for (const stream of streams) stream.abort(new TypeError('network is down'))
    },
    setWeather(value) {
      weather = value
    },
    async fetch(url, init) {
      const delay = weather.delayMs()
      if (delay > 0) await new Promise<void>((resolve) => air.clock.after(delay, resolve))
      if (!online) throw new TypeError('network is down')
      const fate = weather.fate()
      if (fate === 'lose request') throw new TypeError('request lost')
      const cut = new AbortController()
      streams.add(cut)
      const response = await exchange(air, url, { ...init, signal: joined(init.signal, cut.signal) })
      if (response.headers.get('content-type')?.startsWith('text/event-stream')) return response
      if (fate === 'repeat') await (await exchange(air, url, init)).arrayBuffer()
      const body = await response.arrayBuffer()
      if (!online || fate === 'lose response') throw new TypeError('response lost')
      return new Response(body, { status: response.status, headers: response.headers })
    },
  }
}

function exchange(air: Air, url: string, init: RequestInit): Promise<Response> {
  return Promise.resolve(air.handler(new Request(url, init)))
}

function joined(own: AbortSignal | null | undefined, cut: AbortSignal): AbortSignal {
  return own ? AbortSignal.any([own, cut]) : cut
}
