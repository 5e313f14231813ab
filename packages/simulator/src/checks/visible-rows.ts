/**
 * P9 and P3.2: what the app sees is the base with the outbox on top, worked out here from nothing but the two.
 *
 * The engine keeps visible rows up to date step by step; this folds the outbox over the base anew. Columns that no
 * pending change gives (an insert's defaults) may hold anything, and a row that the server has deleted meanwhile stays
 * as the app saw it until the verdict is there.
 */
import { encodeKey, type ManifestTable, rowAt, rowCount, type WireValue } from '@landfall/protocol'
import type { LocalTable, Pending } from './local-state.ts'
import type { Finding } from './snapshot-equality.ts'

/** Column values by name; null: deleted. A column that is not there may hold anything. */
type Expected = Map<string, Map<string, WireValue> | null>

export function judgeVisible(local: LocalTable, outbox: readonly Pending[]): Finding[] {
  const { table, visible } = local
  const expected = fold(local, outbox)
  const findings: Finding[] = []
  for (const [key, cells] of expected) {
    const row = visible.get(key)
    if (cells === null && row !== undefined) findings.push(wrong(table, key, 'is visible and was deleted'))
    if (cells !== null && row === undefined) findings.push(wrong(table, key, 'is not visible'))
    if (cells === null || row === undefined) continue
    for (const [c, { name }] of table.columns.entries()) {
      if (cells.has(name) && cells.get(name) !== row[c])
        findings.push(wrong(table, key, `shows ${name} ${show(row[c])}, not ${show(cells.get(name))}`))
    }
  }
  for (const key of visible.keys()) {
    if (!expected.has(key)) findings.push(wrong(table, key, 'is visible, and neither base nor outbox has it'))
  }
  return findings
}

function fold({ table, base }: LocalTable, outbox: readonly Pending[]): Expected {
  const expected: Expected = new Map()
  for (const [key, row] of base)
    expected.set(key, new Map(table.columns.map(({ name }, c) => [name, row[c] ?? null])))
  for (const { changes } of outbox) {
    for (const block of changes) {
      if (block.table !== table.name) continue
      for (let r = 0; r < rowCount(block.keys); r++) {
        const key = rowAt(block.keys, r)
        const given = new Map(block.columns.map((name, c) => [name, block.new[c]?.[r] ?? null]))
        for (const [k, name] of table.key.entries()) given.set(name, key[k] ?? null)
        apply(expected, { key: encodeKey(key), operation: block.operation, given })
      }
    }
  }
  return expected
}

type RowChange = { key: string; operation: string; given: Map<string, WireValue> }

function apply(expected: Expected, { key, operation, given }: RowChange): void {
  if (operation === 'delete') expected.set(key, null)
  else if (operation === 'insert') expected.set(key, given)
  else expected.set(key, new Map([...(expected.get(key) ?? []), ...given]))
}

const wrong = ({ name }: ManifestTable, key: string, what: string): Finding => ({
  promise: 'P9',
  what: `${name} ${key} ${what}`,
})

const show = (value: WireValue | undefined): string => JSON.stringify(value ?? null).slice(0, 80)
