/**
 * A device's transaction, as plain data: SQLite statements to run one after the other and to commit.
 *
 * None of them fails, whatever rows are there; the commit of one marked `refused` does, by a value in its last
 * statement, and must leave nothing.
 */
import type { SqlParam } from '@landfall/engine'
import type { SqliteValue } from '@landfall/schema'
import type { SeededRandom } from '@landfall/testkit'
import { chance, pick, sample } from './chance.ts'
import { invalidValue } from './invalid-value.ts'
import { drawRow } from './rows.ts'
import { names, type Statement, statement, toSqlite } from './statement.ts'
import { planPieces } from './transaction.ts'
import type { PlanTable, Workload } from './workload.ts'

export type LocalStep = {
  label: string | null
  statements: { sql: string; params: SqlParam[] }[]
  /** The engine must refuse the transaction with a coded error. */
  refused?: true
  /** It changes something, whatever is there. */
  changes?: true
}

export function planTransaction(workload: Workload, random: SeededRandom): LocalStep {
  const { kinds, statements } = planPieces({ workload, dialect: 'sqlite', random })
  const label = chance(0.5, random) ? kinds.join(' + ') : null
  const refusal = kinds.includes('refused') ? planRefusal(workload, random) : null
  const step = { label, statements: [...statements, ...(refusal === null ? [] : [refusal])].map(toSqlite) }
  return refusal === null ? step : { ...step, refused: true }
}

/** A row with one value that its column cannot hold; null where no table has a column that refuses anything. */
function planRefusal(workload: Workload, random: SeededRandom): Statement | null {
  for (const table of sample(workload.tables, workload.tables.length, random)) {
    const row = drawRow({ workload, table, dialect: 'sqlite', random })
    const wrong = row.flatMap(({ column }, at) => {
      const stored = invalidValue(column.column, random)
      return stored === undefined ? [] : [{ at, stored }]
    })
    if (wrong.length > 0) return withWrongCell(table, row, pick(wrong, random))
  }
  return null
}

function withWrongCell(
  table: PlanTable,
  row: ReturnType<typeof drawRow>,
  { at, stored }: { at: number; stored: SqliteValue },
): Statement {
  const columns = names(row.map(({ column }) => column))
  const before = row.slice(0, at)
  const behind = row.slice(at + 1)
  const values = [...before.map(({ value }) => value), { stored }, ...behind.map(({ value }) => value)]
  const list = values.flatMap((value, i) => (i === 0 ? [value] : [', ', value]))
  return statement`insert or replace into ${table} (${columns}) values (${list})`
}
