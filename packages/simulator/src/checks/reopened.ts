/** P11: a database that was closed is found as it was, also by the app's next version: visible rows, and the base under them. */
import type { WireRow } from '@landfall/protocol'
import type { LocalRows, LocalTable } from './local-state.ts'
import type { Finding } from './snapshot-equality.ts'

/** Of the columns that both versions have. */
export function judgeReopened(before: readonly LocalTable[], after: readonly LocalTable[]): Finding[] {
  return before.flatMap((was) => {
    const is = after.find(({ table }) => table.name === was.table.name)
    if (is === undefined) return []
    const names = was.table.columns.map(({ name }) => name)
    const both = names.filter((name) => is.table.columns.some((column) => column.name === name))
    return (['visible', 'base'] as const).flatMap((kind) => {
      const same = textOf(was[kind], placesOf(was, both)) === textOf(is[kind], placesOf(is, both))
      return same
        ? []
        : [{ promise: 'P11', what: `${was.table.name}: the ${kind} rows changed while it was closed` }]
    })
  })
}

const placesOf = ({ table }: LocalTable, names: readonly string[]): number[] =>
  names.map((name) => table.columns.findIndex((column) => column.name === name))

function textOf(rows: LocalRows, places: readonly number[]): string {
  const cells = (row: WireRow): WireRow => places.map((place) => row[place] ?? null)
  return JSON.stringify(
    [...rows].map(([key, row]) => [key, cells(row)]).toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
  )
}
