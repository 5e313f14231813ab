/**
 * Rows of a live query in a component.
 *
 * Text and parameters identify a query, so new arrays at each render do no harm. Unchanged rows stay the same objects from
 * render to render: give them to memoized components. While the rows of new parameters are on their way, the hook shows
 * the former rows, marked as stale: a list that is emptied and filled again flickers.
 */
import type { DrizzleLiveQuery, Live, LiveResult, Row, SqlParam } from '@landfall/client'
import { useCallback, useMemo, useState, useSyncExternalStore } from 'react'
import { type AnyLandfall, useLandfall } from './context.tsx'
import { firstResultOf } from './first-result.ts'

/** A query's rows at one render. */
export type LiveRows<T> = {
  /** All rows of the query; empty before the first result. Those that did not change are the same objects as before. */
  rows: readonly T[]
  /** False until the first result: tells "nothing there" from "not here yet". */
  ready: boolean
  /** The rows are those of the former parameters; those of the present ones are on their way. */
  stale: boolean
  /** Why the rows are not current; null when they are. */
  error: Error | null
}

type DrizzleQuery = DrizzleLiveQuery<readonly unknown[]>

type Query = {
  db: AnyLandfall
  text: string
  /** Text and parameters: equal for the same query. */
  key: string
  live: Live<unknown>
  /** The rows of the parameters before these, to be shown until the first result; null where there are none. */
  former: readonly unknown[] | null
}

const NOT_YET: LiveRows<never> = { rows: [], ready: false, stale: false, error: null }

/**
 * The rows of a query, SQL or Drizzle's, rendered again when they change. Text and parameters may be new objects at each
 * render. Errors come in `error`; only a missing provider throws.
 *
 * ```tsx
 * const { rows, ready } = useLive<Check>('select * from checks where project_id = ?', [projectId])
 * ```
 */
export function useLive<T = Row>(sql: string, params?: readonly SqlParam[]): LiveRows<T>
export function useLive<Rows extends readonly unknown[]>(
  query: DrizzleLiveQuery<Rows>,
): LiveRows<Rows[number]>
export function useLive(query: string | DrizzleQuery, params: readonly SqlParam[] = []): LiveRows<unknown> {
  const { live, former } = useQuery(query, params)
  const rows = useRows(live)
  const stale = useMemo(() => former && { rows: former, ready: true, stale: true, error: null }, [former])
  return rows.ready ? rows : (stale ?? rows)
}

/**
 * As `useLive`, but suspends until the first result is there: the nearest `<Suspense>` shows its fallback, and `ready` is
 * always true. New parameters suspend again; inside React's `startTransition` the screen keeps showing the former rows.
 */
export function useLiveSuspense<T = Row>(sql: string, params?: readonly SqlParam[]): LiveRows<T>
export function useLiveSuspense<Rows extends readonly unknown[]>(
  query: DrizzleLiveQuery<Rows>,
): LiveRows<Rows[number]>
export function useLiveSuspense(
  query: string | DrizzleQuery,
  params: readonly SqlParam[] = [],
): LiveRows<unknown> {
  const { db, key, live } = useQuery(query, params)
  const rows = useRows(live)
  // oxlint-disable-next-line typescript/only-throw-error -- a thrown promise is how React 18 and 19 know to wait
  if (!rows.ready) throw firstResultOf(db, key, live)
  return rows
}

/** The same live query for the same text and parameters: objects may be new at every render, their content counts. */
function useQuery(query: string | DrizzleQuery, params: readonly SqlParam[]): Query {
  const db = useLandfall()
  const [text, values] = typeof query === 'string' ? [query, params] : textOf(query)
  const key = keyOf(text, values)
  const [last, setLast] = useState<Query | null>(null)
  if (last !== null && last.db === db && last.key === key) return last
  const live: Live<unknown> = typeof query === 'string' ? db.live(query, [...params]) : db.live(query)
  const next = { db, text, key, live, former: formerRows(last, { db, text }) }
  setLast(next) // React renders this component once more at once, and nothing below it
  return next
}

/** Other text may have other columns, and another database other people's rows: their former rows are not shown. */
function formerRows(last: Query | null, { db, text }: Pick<Query, 'db' | 'text'>): Query['former'] {
  if (last === null || last.db !== db || last.text !== text) return null
  return last.live.result?.rows ?? last.former
}

function useRows(live: Live<unknown>): LiveRows<unknown> {
  const subscribe = useCallback((changed: () => void) => live.subscribe(changed), [live])
  return useSyncExternalStore(
    subscribe,
    () => viewOf(live.result),
    () => NOT_YET,
  )
}

function textOf(query: DrizzleQuery): [string, readonly unknown[]] {
  const { sql, params } = query.toSQL()
  return [sql, params]
}

function keyOf(sql: string, params: readonly unknown[]): string {
  return JSON.stringify([sql, ...params], (_, value: unknown) => {
    if (typeof value === 'bigint') return { bigint: String(value) }
    return value instanceof Uint8Array ? { bytes: [...value] } : value
  })
}

/** One view per result, so that React sees a change only when there is one. */
const VIEWS = new WeakMap<LiveResult<unknown>, LiveRows<unknown>>()

function viewOf(result: LiveResult<unknown> | null): LiveRows<unknown> {
  if (result === null) return NOT_YET
  const known = VIEWS.get(result)
  if (known !== undefined) return known
  const view = { rows: result.rows, ready: true, stale: false, error: result.error }
  VIEWS.set(result, view)
  return view
}
