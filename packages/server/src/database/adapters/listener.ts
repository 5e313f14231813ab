/**
 * LISTEN on one connection of its own, opened with the first channel and opened again after a loss.
 *
 * What was notified while the connection was away is not made up for: listeners are called once it is back, and a
 * notification is only ever a hint.
 */
import { type Connection, type ConnectionOptions, openConnection } from './connection.ts'

export type Listener = {
  listen(channel: string, heard: () => void): Promise<() => Promise<void>>
  end(): void
}

const REOPEN_MS = 1_000

export function openListener(options: ConnectionOptions): Listener {
  const channels = new Map<string, Set<() => void>>()
  let connection: Connection | null = null
  let cancelReopen = () => {}
  let ended = false

  const callAll = () => {
    for (const listeners of channels.values()) for (const heard of listeners) heard()
  }

  function open(): Connection {
    return openConnection({ ...options, prepare: false, onNotify: callAll, onLost: reopenLater })
  }

  function reopenLater(): void {
    connection = null
    if (ended || channels.size === 0) return
    cancelReopen()
    cancelReopen = options.clock.after(REOPEN_MS, () => void reopen())
  }

  async function reopen(): Promise<void> {
    connection = open()
    try {
      for (const channel of channels.keys()) await subscribe(connection, channel)
      callAll()
    } catch {
      // The loss has been noticed and the next attempt is due.
      connection?.end()
    }
  }

  return {
    async listen(channel, heard) {
      const listeners = channels.get(channel) ?? new Set()
      channels.set(channel, listeners.add(heard))
      connection ??= open()
      await subscribe(connection, channel).catch(() => {})
      return async () => {
        listeners.delete(heard)
        if (listeners.size === 0) channels.delete(channel)
        if (channels.size === 0) connection?.end()
      }
    },
    end() {
      ended = true
      cancelReopen()
      connection?.end()
    },
  }
}

async function subscribe(connection: Connection, channel: string): Promise<void> {
  await connection.statement(`LISTEN "${channel.replaceAll('"', '""')}"`, [])
}
