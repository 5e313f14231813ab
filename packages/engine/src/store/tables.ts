/**
 * The context of the store's modules: the connection, the synced tables, and per table the modules that work on it.
 */
import type { Manifest } from '@landfall/protocol'
import type { SqliteDriver } from '../ports.ts'
import { createRowApplier, type RowApplier } from './apply-rows.ts'
import { createBase, type Base } from './base.ts'
import { type BetweenReader, createBetweenReader } from './between.ts'
import { mirrorTables, type MirrorTable } from './mirror-table.ts'
import { createNetReader, type NetReader } from './net-changes.ts'

export type TableParts = {
  table: MirrorTable
  net: NetReader
  between: BetweenReader
  base: Base
  rows: RowApplier
}

/** In manifest order, by name. */
export type Tables = ReadonlyMap<string, TableParts>

export function createTables(driver: SqliteDriver, manifest: Manifest): Tables {
  return new Map(
    [...mirrorTables(manifest)].map(([name, table]) => {
      const base = createBase(driver, table)
      const net = createNetReader(driver, table)
      const between = createBetweenReader(driver, table)
      return [name, { table, net, between, base, rows: createRowApplier(driver, table, base) }]
    }),
  )
}
