/**
 * One poke stream: `GET /live`, server-sent events over fetch, so that the token travels in a header.
 *
 * The stream ends once, for whatever reason: refused, cut, or silent for longer than the server's heartbeats allow
 * (a dead connection reports nothing). The loop decides whether to open another.
 */
import type { Clock } from '@landfall/protocol'
import { createEventStreamParser } from './event-stream.ts'

/** The server sends a comment every 15 s. */
const SILENCE_MS = 45_000

export type StreamListener = { opened(): void; poked(): void; ended(): void }

export type PokeStreamOptions = {
  clock: Clock
  listener: StreamListener
  open(signal: AbortSignal): Promise<Response>
}

/** The answer closes the stream; the listener hears nothing more then. */
export function openPokeStream({ clock, listener, open }: PokeStreamOptions): () => void {
  const controller = new AbortController()
  let over = false
  let stopTimer = clock.after(SILENCE_MS, end)

  function close(): boolean {
    if (over) return false
    over = true
    stopTimer()
    controller.abort()
    return true
  }

  function end(): void {
    if (close()) listener.ended()
  }

  function heard(): void {
    stopTimer()
    if (!over) stopTimer = clock.after(SILENCE_MS, end)
  }

  async function read(): Promise<void> {
    const response = await open(controller.signal)
    const reader = response.body?.getReader()
    const decoder = new TextDecoder()
    const parser = createEventStreamParser()
    for (;;) {
      const piece = await reader?.read()
      if (piece === undefined || piece.done || over) return
      heard()
      for (const { event } of parser.feed(decoder.decode(piece.value, { stream: true }))) tell(event)
    }
  }

  function tell(event: string): void {
    if (over) return
    if (event === 'hello') listener.opened()
    if (event === 'poke') listener.poked()
  }

  read().then(end, end)
  return close
}
