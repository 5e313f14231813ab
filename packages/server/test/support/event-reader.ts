/** Reads server-sent events from a response, one at a time. */
import type { Poke } from '@landfall/protocol'

export type EventReader = {
  /** The next event's name and data; comments are skipped. Ends with null. */
  next(): Promise<{ event: string; data: string } | null>
  /** Reads on until a poke names one of the scopes (or every scope). */
  pokeFor(...scopes: string[]): Promise<Poke>
  cancel(): Promise<void>
}

export function readEvents(response: Response): EventReader {
  const reader = (response.body ?? new ReadableStream<Uint8Array>()).getReader()
  const decoder = new TextDecoder()
  let buffered = ''

  async function next(): Promise<{ event: string; data: string } | null> {
    for (;;) {
      const end = buffered.indexOf('\n\n')
      if (end >= 0) {
        const block = buffered.slice(0, end)
        buffered = buffered.slice(end + 2)
        const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(block)?.[1]
        const event = field('event')
        if (event !== undefined) return { event, data: field('data') ?? '' }
        continue
      }
      const { value, done } = await reader.read()
      if (done) return null
      buffered += decoder.decode(value, { stream: true })
    }
  }

  return {
    next,
    async pokeFor(...scopes) {
      for (let event = await next(); event !== null; event = await next()) {
        if (event.event !== 'poke') continue
        const poke = JSON.parse(event.data) as Poke
        if (poke.scopes.some((scope) => scopes.includes(scope) || scope === '*')) return poke
      }
      throw new Error('the stream ended without the poke')
    },
    cancel: () => reader.cancel(),
  }
}
