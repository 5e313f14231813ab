/**
 * The Drizzle sqlite table over a mirror table: the pg table's properties, Postgres' names, decoded values.
 *
 * Constant defaults and `$defaultFn`/`$onUpdateFn` are carried over. A default that only Postgres can compute is not:
 * Drizzle then inserts NULL, which the mirror takes, and the server fills it in.
 */
import type { ManifestColumn, ManifestTable } from '@landfall/protocol'
import { getTableColumns, is, SQL, sql } from 'drizzle-orm'
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core'
import {
  customType,
  primaryKey,
  type SQLiteColumn,
  type SQLiteTable,
  sqliteTable,
} from 'drizzle-orm/sqlite-core'
import type { SqliteValue } from './codec.ts'
import { drizzleValue } from './drizzle-value.ts'
import { mirrorType } from './mirror-ddl.ts'

export function sqliteTableFor(table: PgTable, manifest: ManifestTable): SQLiteTable {
  const columns = Object.entries(getTableColumns(table)).flatMap(([property, column]) => {
    const found = manifest.columns.find(({ name }) => name === column.name)
    return found === undefined ? [] : [[property, columnBuilder(column, found)] as const]
  })
  return sqliteTable(manifest.name, Object.fromEntries(columns), (self) => [
    primaryKey({ columns: keyColumns(Object.values(self), manifest.key) }),
  ])
}

function columnBuilder(column: PgColumn, manifest: ManifestColumn) {
  const value = drizzleValue(column, manifest.type)
  const builder = customType<{ data: unknown; driverData: SqliteValue }>({
    dataType: () => mirrorType(manifest.type),
    toDriver: value.toStored,
    fromDriver: value.fromStored,
  })(column.name)
  if (column.notNull) builder.notNull()
  if (manifest.localDefault !== null)
    builder.default(is(column.default, SQL) ? sql.raw(manifest.localDefault) : column.default)
  if (column.defaultFn) builder.$defaultFn(column.defaultFn)
  if (column.onUpdateFn) builder.$onUpdateFn(column.onUpdateFn)
  if (column.generated || column.generatedIdentity?.type === 'always') builder.generatedAlwaysAs(sql`null`)
  return builder
}

function keyColumns(columns: SQLiteColumn[], key: string[]): [SQLiteColumn, ...SQLiteColumn[]] {
  const found = key.flatMap((name) => columns.filter((column) => column.name === name))
  return found as [SQLiteColumn, ...SQLiteColumn[]] // a key is never empty
}
