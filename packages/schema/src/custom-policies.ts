/**
 * Custom conflict policies, from functions over decoded values to functions over wire values.
 *
 * The app's function sees what Drizzle shows (Date, bigint, objects); the server has wire texts only.
 */
import type { WireValue } from '@landfall/protocol'
import { getTableName } from 'drizzle-orm'
import { type PgColumn, type PgTable } from 'drizzle-orm/pg-core'
import { codecFor } from './codec-for.ts'
import { readColumnType } from './column-type.ts'
import type { CustomPolicy, PgTables, WirePolicies, WirePolicy } from './definition.ts'
import { drizzleValue } from './drizzle-value.ts'
import type { LooseConflicts } from './sync-rules.ts'

export function customPolicies(tables: PgTables, conflicts: LooseConflicts): WirePolicies {
  const policies: WirePolicies = {}
  for (const [name, table] of Object.entries(tables)) {
    for (const [property, policy] of Object.entries(conflicts[name] ?? {})) {
      const column = (table as PgTable & Record<string, PgColumn>)[property]
      if (typeof policy !== 'function' || column === undefined) continue
      const ofTable = (policies[getTableName(table)] ??= {})
      ofTable[column.name] = wirePolicy(column, policy)
    }
  }
  return policies
}

function wirePolicy(column: PgColumn, policy: CustomPolicy<unknown>): WirePolicy {
  const type = readColumnType(column)
  if (type === null) return ({ theirs }) => theirs
  const value = drizzleValue(column, type)
  const codec = codecFor(type)
  const decode = (wire: WireValue): unknown => value.fromStored(codec.fromWire(wire))
  return ({ base, mine, theirs }) => {
    const merged = policy({ base: decode(base), mine: decode(mine), theirs: decode(theirs) })
    return merged === null ? null : codec.toWire(value.toStored(merged))
  }
}
