/**
 * P3, P4, P5, P6 at once: a device at cursor S holds exactly the rows that S shows of the scopes its user holds in S.
 *
 * The truth was read in the very transaction that answered the pull, by another query than the server's. So a row that
 * a cursor skipped, one that should have left, half a transaction, or a value that changed on its way all show at
 * the first pull after which they are wrong.
 */
import type { WireRow } from '@landfall/protocol'
import { scopesOfRow, type Truth } from './truth.ts'
import type { LocalRows, LocalState, LocalTable } from './local-state.ts'

/** What is wrong, each with its promise. */
export type Finding = { promise: string; what: string }

export function judgeScopes(state: LocalState, truth: Truth, user: string): Finding[] {
  const held = truth.held.get(user) ?? new Set()
  const local = state.scopes.map(({ scope }) => scope)
  const extra = local.filter((scope) => !held.has(scope))
  const missing = [...held].filter((scope) => !local.includes(scope))
  return [
    ...extra.map((scope) => ({ promise: 'P4', what: `holds ${scope}, which its user does not` })),
    ...missing.map((scope) => ({ promise: 'P3', what: `misses the scope ${scope}` })),
  ]
}

export function judgeBase(local: LocalTable, truth: Truth, user: string): Finding[] {
  const { table } = local
  const held = truth.held.get(user) ?? new Set()
  const known = truth.rows.get(table.name)
  if (known === undefined) return [] // a table that the app's next schema has dropped
  const places = table.columns.map(({ name }) => known.table.columns.findIndex((c) => c.name === name))
  const expected = new Map<string, WireRow>()
  for (const [key, row] of known.rows) {
    if (scopesOfRow(known.table, row).some((scope) => held.has(scope)))
      expected.set(
        key,
        places.map((place) => row[place] ?? null),
      )
  }
  return compareRows(table.name, { expected, found: local.base }, (key) => !known.rows.has(key))
}

type Compared = { expected: LocalRows; found: LocalRows }

function compareRows(
  table: string,
  { expected, found }: Compared,
  isGone: (key: string) => boolean,
): Finding[] {
  const findings: Finding[] = []
  for (const [key, row] of expected) {
    const there = found.get(key)
    if (there === undefined) findings.push({ promise: 'P6', what: `${table} ${key} is missing` })
    else if (!isSame(row, there))
      findings.push({ promise: 'P3', what: `${table} ${key} is ${text(there)}, Postgres has ${text(row)}` })
  }
  for (const key of found.keys()) {
    if (expected.has(key)) continue
    findings.push(
      isGone(key)
        ? { promise: 'P3', what: `${table} ${key} is there and was deleted` }
        : { promise: 'P4', what: `${table} ${key} is there and in no scope that the user holds` },
    )
  }
  return findings
}

export function isSame(a: WireRow, b: WireRow): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i])
}

const text = (row: WireRow): string => JSON.stringify(row).slice(0, 300)
