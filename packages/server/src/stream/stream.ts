/**
 * One client's stream of server-sent events, with bounded memory.
 *
 * A poke says only that a pull would find something, so pokes that a slow reader has not taken yet are merged into one.
 * A reader that takes nothing for several heartbeats is dropped. Knows nothing of scopes' meaning or of Postgres.
 */
import type { Poke, ScopeKey } from '@landfall/protocol'

export type EventStream = {
  readonly response: Response
  hello(): void
  poke(scopes: Iterable<ScopeKey>): void
  /** false: the reader has been stuck for too long. */
  heartbeat(): boolean
  end(): void
}

/** Events that wait in the stream itself. */
const BUFFERED_EVENTS = 4
const MAX_MISSED_HEARTBEATS = 4

export function openEventStream(onClosed: () => void): EventStream {
  const encoder = new TextEncoder()
  const pending = new Set<ScopeKey>()
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null
  let missed = 0

  const ready = () => (controller?.desiredSize ?? 0) > 0
  const write = (text: string) => controller?.enqueue(encoder.encode(text))
  const flush = () => {
    if (pending.size === 0 || !ready()) return
    const poke: Poke = { scopes: [...pending] }
    // First: writing may ask for more at once, which would flush the same scopes again.
    pending.clear()
    write(`event: poke\ndata: ${JSON.stringify(poke)}\n\n`)
  }
  const closed = () => {
    if (controller === null) return
    controller = null
    onClosed()
  }

  const body = new ReadableStream<Uint8Array>(
    {
      start(given) {
        controller = given
      },
      pull: flush,
      cancel: closed,
    },
    { highWaterMark: BUFFERED_EVENTS },
  )

  return {
    response: new Response(body, {
      headers: {
        'content-type': 'text/event-stream',
        // A proxy that compresses the stream, as Next's does, holds back events until its buffer is full.
        'cache-control': 'no-store, no-transform',
        'x-accel-buffering': 'no',
      },
    }),
    hello: () => write('event: hello\ndata:\n\n'),
    poke(scopes) {
      for (const scope of scopes) pending.add(scope)
      flush()
    },
    heartbeat() {
      missed = ready() ? 0 : missed + 1
      if (missed === 0) write(':\n\n')
      return missed < MAX_MISSED_HEARTBEATS
    },
    end() {
      const open = controller
      closed()
      open?.close()
    },
  }
}
