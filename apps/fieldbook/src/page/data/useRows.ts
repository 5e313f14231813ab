import { useLive } from '@landfall/react'

export type Rows<Row> = { rows: readonly Row[]; ready: boolean; error: Error | null }

/** A live query, with its rows as the type that the caller's SQL gives them. */
export function useRows<Row>(sql: string, params: readonly (string | number)[]): Rows<Row> {
  return useLive(sql, params) as Rows<Row>
}
