/**
 * Rows of a live query in a component.
 *
 * The query is known by its text and parameters, so arrays made anew at each render do no harm. Rows that did not
 * change stay the same objects from render to render: give them to memoized components.
 */
import type { DrizzleLiveQuery, Live, LiveResult, Row, SqlParam } from '@landfall/client'
import { useCallback, useMemo, useSyncExternalStore } from 'react'
import { useLandfall } from './context.tsx'

export type LiveRows<T> = {
  rows: readonly T[]
  /** False until the first result: tells "nothing there" from "not here yet". */
  ready: boolean
  /** Why the rows are not current; null when they are. */
  error: Error | null
}

const NOT_YET: LiveRows<never> = { rows: [], ready: false, error: null }

/** The rows of a query, SQL or Drizzle's, rendered again when they change. */
export function useLive<T = Row>(sql: string, params?: readonly SqlParam[]): LiveRows<T>
export function useLive<Rows extends readonly unknown[]>(
  query: DrizzleLiveQuery<Rows>,
): LiveRows<Rows[number]>
export function useLive(
  query: string | DrizzleLiveQuery<readonly unknown[]>,
  params: readonly SqlParam[] = [],
): LiveRows<unknown> {
  const live = useLiveQuery(query, params)
  const subscribe = useCallback((changed: () => void) => live.subscribe(changed), [live])
  return useSyncExternalStore(
    subscribe,
    () => viewOf(live.result),
    () => NOT_YET,
  )
}

/** The same live query for the same text and parameters. */
function useLiveQuery(
  query: string | DrizzleLiveQuery<readonly unknown[]>,
  params: readonly SqlParam[],
): Live<unknown> {
  const db = useLandfall()
  const key = typeof query === 'string' ? keyOf(query, params) : keyOf(...textOf(query))
  // oxlint-disable-next-line react-hooks/exhaustive-deps -- objects change at every render, their content does not
  return useMemo(() => (typeof query === 'string' ? db.live(query, [...params]) : db.live(query)), [db, key])
}

function textOf(query: DrizzleLiveQuery<readonly unknown[]>): [string, readonly unknown[]] {
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
  const view = { rows: result.rows, ready: true, error: result.error }
  VIEWS.set(result, view)
  return view
}
