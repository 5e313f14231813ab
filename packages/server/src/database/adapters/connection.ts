/**
 * One guarded connection to Postgres, over a postgres.js client of its own with `max: 1`.
 *
 * postgres.js 3.4.9 must never be given a query for a connection that has closed: it buffers small writes until
 * `setImmediate`, and the flush then writes to a socket that is null, an exception nobody can catch, which ends the
 * process (postgres.js issues #1066, #1154, #1208; its own `sql.begin` does this when it sends ROLLBACK after a
 * backend was killed). Or it reconnects silently and runs the rest of a transaction outside of it. So here
 * - a client lives for one connection: once that is lost, nothing is sent to it again;
 * - statements go one at a time, so that none waits inside the client when the connection closes;
 * - the loss is noticed before any caller can react: postgres.js calls `onclose` in the same tick in which it drops the
 *   socket, and a failed statement is examined here before its promise rejects.
 * `statement` therefore either answers or rejects, and always ends, also when the client itself never would.
 */
import { type Clock, LandfallError } from '@landfall/protocol'
import postgres from 'postgres'
import { PostgresError } from '../database.ts'

export type Result = { rows: readonly TextResultRow[]; command: string }
type TextResultRow = { [column: string]: string | null }

export type Connection = {
  /** Whether it may be used again. */
  usable(): boolean
  statement(sql: string, params: readonly (string | null)[]): Promise<Result>
  /** Ends it now; a statement under way is rejected. */
  end(): void
}

export type ConnectionOptions = {
  url: string
  /** Whether statements may be prepared by name; a transaction-pooling proxy may not allow it. */
  prepare: boolean
  connectSeconds: number
  clock: Clock
  /** A statement without an answer for so long ends the connection: the network may have swallowed it. 0: never. */
  patienceMs: number
  onNotify?: () => void
  onLost?: () => void
}

/** A connection that has prepared this many different statements is replaced: Postgres keeps each until it ends. */
const MAX_PREPARED = 500

/** The types for which postgres.js has parsers or serializers of its own; here all are text. */
const TYPED_OIDS = [16, 17, 20, 21, 23, 25, 26, 114, 700, 701, 1082, 1114, 1184, 3802]
const AS_TEXT = { to: 25, from: TYPED_OIDS, serialize: (x: unknown) => x, parse: (x: string) => x }

export function openConnection(options: ConnectionOptions): Connection {
  const prepared = new Set<string>()
  let lost = false
  let rejectCurrent: ((error: unknown) => void) | null = null
  let queue: Promise<unknown> = Promise.resolve()

  const client = postgres(options.url, {
    max: 1,
    fetch_types: false,
    // For people who look at pg_stat_activity; an address that names another wins.
    connection: { application_name: 'landfall' },
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: options.connectSeconds,
    ...(options.prepare ? {} : { prepare: false }),
    types: { text: AS_TEXT },
    onnotice: () => {},
    onclose: () => lose(),
    ...(options.onNotify ? { onnotify: options.onNotify } : {}),
  } as postgres.Options<Record<string, postgres.PostgresType>>)

  function lose(): void {
    if (lost) return
    lost = true
    // The statement's own error, if there is one, comes in this turn of the event loop and says more.
    const reject = rejectCurrent
    setImmediate(() => reject?.(connectionLost('closed')))
    client.end({ timeout: 0 }).catch(() => {})
    options.onLost?.()
  }

  function send(sql: string, params: readonly (string | null)[]): Promise<Result> {
    if (lost) return Promise.reject(connectionLost('closed'))
    if (params.length > 0) prepared.add(sql)
    const { clock, patienceMs } = options
    const stopTimer = patienceMs > 0 ? clock.after(patienceMs, lose) : () => {}
    return new Promise<Result>((resolve, reject) => {
      rejectCurrent = reject
      client.unsafe(sql, [...params], { prepare: options.prepare }).then(
        (rows) => resolve({ rows: rows as unknown as TextResultRow[], command: rows.command }),
        (error: unknown) => {
          const [translated, fatal] = translate(error)
          if (fatal) lose()
          reject(translated)
        },
      )
    }).finally(stopTimer)
  }

  return {
    usable: () => !lost && prepared.size < MAX_PREPARED,
    statement(sql, params) {
      const result = queue.then(() => send(sql, params))
      queue = result.catch(() => {})
      return result
    },
    end: lose,
  }
}

/** The error to throw, and whether the connection is gone with it. */
function translate(error: unknown): [Error, boolean] {
  if (!(error instanceof postgres.PostgresError)) {
    return [connectionLost(error instanceof Error ? error.message : String(error)), true]
  }
  const fatal = error.severity === 'FATAL' || error.severity === 'PANIC'
  if (fatal)
    return [new LandfallError('database_unreachable', { cause: error.message, sqlstate: error.code }), true]
  return [postgresError(error), false]
}

function postgresError(error: postgres.PostgresError): PostgresError {
  return new PostgresError(
    {
      sqlstate: error.code,
      message: error.message,
      constraint: error.constraint_name ?? null,
      schema: error.schema_name ?? null,
      table: error.table_name ?? null,
      column: error.column_name ?? null,
      detail: error.detail ?? null,
      routine: error.routine ?? null,
    },
    error,
  )
}

function connectionLost(reason: string): LandfallError {
  return new LandfallError('database_unreachable', { cause: reason })
}
