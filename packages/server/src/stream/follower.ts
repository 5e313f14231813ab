/**
 * Follows the head of the change log, for everybody in this process: one small query, 25 ms apart when there is traffic
 * and up to a second when there is none.
 *
 * Each poll asks what the last poll's snapshot has not seen, so nothing is missed however transactions commit, and no
 * NOTIFY is needed inside users' transactions (it would cost three quarters of their throughput). Whoever knows that
 * there is news calls `wake`. After a failure the old snapshot may be of another history, so the next step says that
 * everything may have changed.
 */
import { type Clock, EVERY_SCOPE, type ScopeKey, type SnapshotText, snapshotText } from '@landfall/protocol'
import type { Database, TransactionOptions } from '../database/database.ts'
import type { Bookkeeping } from '../log/bookkeeping.ts'
import { createBinder } from '../sql/row-columns.ts'
import { LOG_OPERATIONS } from '../log/tables.ts'
import { unseenRows } from '../log/window.ts'

/** What has changed since the last step; null: anything may have. */
export type LogStep = { scopes: Set<ScopeKey>; tables: Set<string> } | null

export type Follower = {
  start(): void
  stop(): void
  /** Polls now, or once more after the poll under way. */
  wake(): void
}

export type FollowerOptions = {
  database: Database
  bookkeeping: Bookkeeping
  clock: Clock
  onStep: (step: LogStep) => void
  onFailure: (error: unknown) => void
}

const READ: TransactionOptions = { isolation: 'read committed', readOnly: true }
const SHORTEST_MS = 25
const LONGEST_MS = 1_000
const AFTER_FAILURE_MS = 2_000
/** More changed scopes than this are not named one by one. */
const MAX_SCOPES = 2_000

/** A quiet minute makes it 300 ms. */
export function pollDelay(quietMs: number): number {
  return Math.min(LONGEST_MS, Math.max(SHORTEST_MS, quietMs / 200))
}

export function createFollower(options: FollowerOptions): Follower {
  const { clock } = options
  let running = false
  let polling = false
  let again = false
  let seen: SnapshotText | null = null
  let lastNews = 0
  let cancelTimer = () => {}

  function schedule(ms: number): void {
    cancelTimer()
    if (running) cancelTimer = clock.after(ms, () => void poll())
  }

  async function poll(): Promise<void> {
    if (polling) {
      again = true
      return
    }
    polling = true
    again = false
    let delay = AFTER_FAILURE_MS
    try {
      const { snapshot, step } = await readStep(options, seen)
      seen = snapshot
      const news = step === null || step.scopes.size > 0
      if (news) lastNews = clock.now()
      if (news && running) options.onStep(step)
      delay = pollDelay(clock.now() - lastNews)
    } catch (error) {
      seen = null
      options.onFailure(error)
    }
    polling = false
    schedule(again ? 0 : delay)
  }

  return {
    start() {
      if (running) return
      running = true
      seen = null
      schedule(0)
    },
    stop() {
      running = false
      cancelTimer()
    },
    wake() {
      if (!running) return
      if (polling) again = true
      else schedule(0)
    },
  }
}

async function readStep(
  { database, bookkeeping }: FollowerOptions,
  seen: SnapshotText | null,
): Promise<{ snapshot: SnapshotText; step: LogStep }> {
  const { params, bind } = createBinder()
  const news = (table: string, columns: string, where = 'true') =>
    seen === null
      ? 'SELECT NULL::text, NULL::text WHERE false'
      : unseenRows(seen, bind, { table, columns, where })
  // One statement, hence one snapshot for the answer and for the query.
  const [row] = await database.transaction(READ, (tx) =>
    tx.query(
      `
      WITH changed (tbl, scope) AS MATERIALIZED (
        SELECT * FROM (${news(bookkeeping.changes, 'tbl, scope', `op <> '${LOG_OPERATIONS.failed}'`)}) AS logged
        UNION
        SELECT * FROM (${news(bookkeeping.conflicts, 'tbl, unnest(scopes)')}) AS conflicts
        LIMIT ${MAX_SCOPES + 1}
      )
      SELECT
        pg_current_snapshot()::text                                                  AS snapshot,
        (SELECT coalesce(json_agg(DISTINCT scope), '[]') FROM changed)::text         AS scopes,
        (SELECT coalesce(json_agg(DISTINCT tbl), '[]') FROM changed)::text           AS tables`,
      params,
    ),
  )
  const scopes = JSON.parse(row?.['scopes'] ?? '[]') as ScopeKey[]
  const tables = JSON.parse(row?.['tables'] ?? '[]') as string[]
  const unknown = seen === null || scopes.length > MAX_SCOPES || scopes.includes(EVERY_SCOPE)
  return {
    snapshot: snapshotText(row?.['snapshot'] ?? ''),
    step: unknown ? null : { scopes: new Set(scopes), tables: new Set(tables) },
  }
}
