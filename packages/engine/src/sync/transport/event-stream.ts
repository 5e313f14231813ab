/**
 * Reads server-sent events from text that arrives in pieces (WHATWG HTML, section 9.2.6).
 *
 * A pure parser: feed it chunks, get the events that they completed. `id` and `retry` fields are not used here.
 */
export type StreamEvent = { event: string; data: string }

export type EventStreamParser = { feed(chunk: string): StreamEvent[] }

/** A line longer than this is no poke; it bounds what a broken server can make us hold. */
const LONGEST_LINE = 1 << 20

export function createEventStreamParser(): EventStreamParser {
  let rest = ''
  let event = ''
  let data: string[] = []
  let afterCarriageReturn = false

  function take(line: string): StreamEvent | null {
    if (line === '') {
      const complete =
        event !== '' || data.length > 0 ? { event: event || 'message', data: data.join('\n') } : null
      event = ''
      data = []
      return complete
    }
    const colon = line.indexOf(':')
    const field = colon === -1 ? line : line.slice(0, colon)
    const value = colon === -1 ? '' : line.slice(colon + 1).replace(/^ /, '')
    if (field === 'event') event = value
    if (field === 'data') data.push(value)
    return null
  }

  return {
    feed(chunk) {
      // A CR at a chunk's end may have its LF in the next one.
      const text = afterCarriageReturn && chunk.startsWith('\n') ? chunk.slice(1) : chunk
      if (chunk !== '') afterCarriageReturn = chunk.endsWith('\r')
      const lines = (rest + text).split(/\r\n|\r|\n/)
      rest = (lines.pop() ?? '').slice(0, LONGEST_LINE)
      return lines.map(take).filter((complete) => complete !== null)
    },
  }
}
