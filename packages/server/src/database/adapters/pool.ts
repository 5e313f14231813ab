/**
 * A bounded pool of connections: at most `size` are open, at most `maxWaiting` callers wait, none longer than
 * `waitMs`. The last one released is the next one used, so that a quiet pool keeps few connections warm. It does not
 * know what a connection does.
 */
import { type Clock, LandfallError } from '@landfall/protocol'
import type { Connection } from './connection.ts'

export type Pool = {
  acquire(): Promise<Connection>
  release(connection: Connection): void
  end(): void
}

export type PoolOptions = {
  size: number
  maxWaiting: number
  waitMs: number
  clock: Clock
  open: () => Connection
}

type Waiter = { take: (connection: Connection) => void; fail: (error: Error) => void }

export function createPool(options: PoolOptions): Pool {
  const idle: Connection[] = []
  const open = new Set<Connection>()
  const waiting = new Set<Waiter>()
  let ended = false

  function take(): Connection | null {
    for (let found = idle.pop(); found; found = idle.pop()) {
      if (found.usable()) return found
      drop(found)
    }
    if (open.size >= options.size) return null
    const opened = options.open()
    open.add(opened)
    return opened
  }

  function drop(connection: Connection): void {
    open.delete(connection)
    connection.end()
  }

  function wait(): Promise<Connection> {
    if (waiting.size >= options.maxWaiting) return Promise.reject(busy('too_many_waiting'))
    return new Promise((resolve, reject) => {
      const cancel = options.clock.after(options.waitMs, () => {
        waiting.delete(waiter)
        reject(busy('no_connection_in_time'))
      })
      const finish = (then: () => void) => {
        cancel()
        waiting.delete(waiter)
        then()
      }
      const waiter: Waiter = {
        take: (connection) => finish(() => resolve(connection)),
        fail: (error) => finish(() => reject(error)),
      }
      waiting.add(waiter)
    })
  }

  return {
    acquire() {
      if (ended) return Promise.reject(new LandfallError('database_closed'))
      const connection = waiting.size === 0 ? take() : null
      return connection ? Promise.resolve(connection) : wait()
    },
    release(connection) {
      if (ended || !connection.usable()) drop(connection)
      else idle.push(connection)
      const [next] = waiting
      const free = next && !ended ? take() : null
      if (next && free) next.take(free)
    },
    end() {
      ended = true
      for (const waiter of waiting) waiter.fail(new LandfallError('database_closed'))
      for (const connection of open) drop(connection)
    },
  }
}

function busy(reason: string): LandfallError {
  return new LandfallError('server_busy', { reason })
}
