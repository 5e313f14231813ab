/**
 * The network of one device: carries real `Request`s to whichever server answers, and does to them what the weather says.
 *
 * What happens to a message is drawn from a stream of luck named after the message's number, before it is sent; so the
 * fate of one does not depend on how many draws another took. Streams (`GET /live`) are handed through piece by piece
 * and cut when the device goes offline. A device that died is `cut`: nothing leaves it and nothing reaches it any more.
 */
import type { Network } from '@landfall/engine'
import type { Clock } from '@landfall/protocol'
import type { SeededRandom } from './random.ts'
import { FAIR, type Mishap, type NetworkFault, type Weather } from './weather.ts'

export type Handler = (request: Request) => Response | Promise<Response>

/** What an exchange carried, for those who watch: bodies as text, null where nothing came. */
export type Exchange = { path: string; sent: string; received: string | null; status: number | null }

export type Air = {
  clock: Clock
  /** Chance for the message of this number. */
  luck(message: number): SeededRandom
  /** The server that gets the message. */
  route(luck: SeededRandom): Handler
  /** What happens to a message to this path, whatever the weather. */
  mishap?(path: string): Mishap | null
  /** At the beginning: up and fair, unless it is said. */
  online?: boolean
  weather?: Partial<Weather>
  struck?(fault: NetworkFault): void
  seen?(exchange: Exchange): void
}

/** A device's way to the server. */
export type DeviceNetwork = Network & {
  /** For the network of the device's next process: whether it is up does not depend on who uses it. @internal */
  readonly conditions: Pick<Air, 'online' | 'weather'>
  /** Takes it down, which breaks what is under way, or up again. */
  setOnline(online: boolean): void
  /** What it does to messages from now on; what is left out does not happen. */
  setWeather(weather: Partial<Weather>): void
  /** The stream's reader takes nothing while it is stalled. */
  stall(stalled: boolean): void
  /** Breaks everything that is open, for good: the device's process has ended. */
  cut(): void
}

export function createDeviceNetwork(air: Air): DeviceNetwork {
  return new AirLink(air)
}

type Carried = { url: string; init: RequestInit; luck: SeededRandom; weather: Weather }

class AirLink implements DeviceNetwork {
  readonly #air: Air
  #online: boolean
  #weather: Weather
  #gone = false
  #messages = 0
  #stalled = false
  #late: (() => Promise<unknown>) | null = null
  readonly #open = new Set<AbortController>()

  constructor(air: Air) {
    this.#air = air
    this.#online = air.online ?? true
    this.#weather = { ...FAIR, ...air.weather }
  }

  get conditions(): Pick<Air, 'online' | 'weather'> {
    return { online: this.#online, weather: this.#weather }
  }

  setOnline(online: boolean): void {
    this.#online = online
    if (!online) this.#cutAll('network is down')
  }

  setWeather(weather: Partial<Weather>): void {
    this.#weather = { ...FAIR, ...weather }
  }

  stall(stalled: boolean): void {
    this.#stalled = stalled
  }

  cut(): void {
    this.#gone = true
    this.#late = null
    this.#cutAll('the device is gone')
  }

  async fetch(url: string, init: RequestInit): Promise<Response> {
    const luck = this.#air.luck(this.#messages++)
    const weather = this.#weatherOf(url)
    await this.#delay(luck, weather)
    if (!this.#isUp) throw new TypeError('network is down')
    const cut = new AbortController()
    this.#open.add(cut)
    const release = relay(init.signal, cut)
    const carried: Carried = { url, init: { ...init, signal: cut.signal }, luck, weather }
    const isStream = url.endsWith('/live')
    const answer = isStream ? this.#stream(carried, cut) : this.#message(carried)
    try {
      return await Promise.race([answer, aborted(cut.signal)])
    } finally {
      if (!isStream) {
        this.#open.delete(cut)
        release()
      }
    }
  }

  async #message(carried: Carried): Promise<Response> {
    const { luck, weather } = carried
    const strikes = (rate: number, fault: NetworkFault): boolean => this.#strikes(luck, rate, fault)
    const late = this.#late
    this.#late = null
    if (strikes(weather.requestLost, 'request lost')) throw new TypeError('request lost')
    if (strikes(weather.reordered, 'reordered')) {
      this.#late = () => this.#exchange(carried)
      throw new TypeError('request lost')
    }
    const response = await this.#exchange(carried)
    if (late !== null) await late()
    if (strikes(weather.repeated, 'repeated')) await this.#exchange(carried)
    if (strikes(weather.repeatedLate, 'repeated late')) this.#late = () => this.#exchange(carried)
    if (strikes(weather.halfOpen, 'half-open')) await new Promise<never>(() => {})
    await this.#delay(luck, weather)
    if (!this.#isUp || strikes(weather.responseLost, 'response lost')) throw new TypeError('response lost')
    return this.#damaged(response, carried)
  }

  /** What arrives of the answer. Never bytes that could pass for an answer: between the two there is TLS. */
  #damaged({ body, status, headers }: Answer, { luck, weather }: Carried): Response {
    if (this.#strikes(luck, weather.cutShort, 'cut short')) {
      return new Response(body.slice(0, luck.below(Math.max(1, body.length))), { status, headers })
    }
    if (this.#strikes(luck, weather.corrupted, 'corrupted')) return portal(luck)
    return new Response(body, { status, headers })
  }

  async #exchange({ url, init, luck }: Carried): Promise<Answer> {
    const sent = typeof init.body === 'string' ? init.body : ''
    // The server's work does not end because the caller has gone away.
    const { signal: _, ...rest } = init
    const exchange: Exchange = { path: new URL(url).pathname, sent, received: null, status: null }
    try {
      const response = await this.#air.route(luck)(new Request(url, rest))
      const body = await response.text()
      Object.assign(exchange, { received: body, status: response.status })
      return { body, status: response.status, headers: response.headers }
    } finally {
      this.#air.seen?.(exchange)
    }
  }

  async #stream({ url, init, luck, weather }: Carried, cut: AbortController): Promise<Response> {
    const response = await this.#air.route(luck)(new Request(url, init))
    if (response.body === null) return response
    if (this.#strikes(luck, weather.streamCut, 'stream cut')) {
      this.#air.clock.after(1_000 + luck.below(20_000), () => cut.abort(new TypeError('stream cut')))
    }
    return new Response(this.#piecewise(response.body, cut.signal), {
      status: response.status,
      headers: response.headers,
    })
  }

  #piecewise(body: ReadableStream<Uint8Array>, signal: AbortSignal): ReadableStream<Uint8Array> {
    const reader = body.getReader()
    const end = (): void => void reader.cancel().catch(() => {})
    signal.addEventListener('abort', end, { once: true })
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          if (this.#stalled) return
          const { done, value } = await reader.read()
          if (signal.aborted) controller.error(new TypeError('stream cut'))
          else if (done) controller.close()
          else controller.enqueue(value)
        },
        cancel: end,
      },
      { highWaterMark: 0 },
    )
  }

  #weatherOf(url: string): Weather {
    // What cannot leave meets nothing, and is not counted.
    const mishap = this.#isUp ? (this.#air.mishap?.(new URL(url).pathname) ?? null) : null
    return mishap === null ? this.#weather : { ...this.#weather, [mishap]: 1 }
  }

  #strikes(luck: SeededRandom, rate: number, fault: NetworkFault): boolean {
    // Drawn also where nothing can happen: later draws stay where they are.
    const struck = luck.number() < rate
    if (struck) this.#air.struck?.(fault)
    return struck
  }

  get #isUp(): boolean {
    return this.#online && !this.#gone
  }

  async #delay(luck: SeededRandom, { delayMs }: Weather): Promise<void> {
    const ms = luck.below(delayMs + 1)
    if (ms === 0) return
    if (ms > 1_000) this.#air.struck?.('delayed')
    await new Promise<void>((resolve) => this.#air.clock.after(ms, resolve))
  }

  #cutAll(reason: string): void {
    for (const cut of this.#open) cut.abort(new TypeError(reason))
    this.#open.clear()
  }
}

type Answer = { body: string; status: number; headers: Headers }

/** A captive portal's page, or noise. */
function portal(luck: SeededRandom): Response {
  const pages = [
    '<!doctype html><title>Sign in to the network</title>',
    '{"push":nul',
    '\u0000\u0001',
    'null',
    '[]',
  ]
  const headers = { 'content-type': 'text/html' }
  return new Response(pages[luck.below(pages.length)] ?? '', {
    status: luck.below(2) === 0 ? 200 : 502,
    headers,
  })
}

/** Not `AbortSignal.any`: Node keeps such a signal for ever while it has listeners, a megabyte for each simulated world. */
function relay(from: AbortSignal | null | undefined, to: AbortController): () => void {
  const abort = (): void => to.abort(from?.reason)
  if (from?.aborted) abort()
  from?.addEventListener('abort', abort, { once: true })
  return () => from?.removeEventListener('abort', abort)
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const fail = (): void => reject(signal.reason instanceof Error ? signal.reason : new TypeError('aborted'))
    if (signal.aborted) fail()
    else signal.addEventListener('abort', fail, { once: true })
  })
}
