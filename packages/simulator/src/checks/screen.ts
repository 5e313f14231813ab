/**
 * P9: what a live query shows of a cell that only its device writes: it never goes back, and it is what the database holds.
 */
import type { LivePatch } from '@landfall/engine'

export type Screen = {
  /** The query is registered anew. */
  opened(): void
  /** `monotonic`: what was acknowledged cannot be gone. */
  heard(patch: LivePatch, monotonic: boolean): string | null
  /** Compares with the row as it is now. */
  judge(row: readonly unknown[] | undefined): string | null
}

export function createScreen(): Screen {
  let most = Number.NEGATIVE_INFINITY
  /** undefined: nothing was told since the query is there. */
  let told: string | null | undefined
  return {
    opened: () => void (told = undefined),
    heard({ order, rows }, monotonic) {
      const value = rows.at(-1)?.[0]
      if (order.length === 0) told = null
      if (order.length === 0 || value === undefined) return null
      told = String(value)
      const back = monotonic && Number(value) < most ? `showed ${told} after ${most}` : null
      most = Math.max(most, Number(value))
      return back
    },
    judge(row) {
      const is = row === undefined ? null : String(row[0])
      if (told === undefined || is === told) return null
      return `the live query shows ${told}, and the row is ${is}`
    },
  }
}
