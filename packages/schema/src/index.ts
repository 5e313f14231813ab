/** The public surface of @landfall/schema. */
export type { Codec, SqliteValue } from './codec.ts'
export { codecFor } from './codec-for.ts'
export { readColumnType } from './column-type.ts'
export { MAX_JSON_DEPTH } from './codecs/json.ts'
export { defineSync } from './define-sync.ts'
export type {
  ColumnRules,
  ConflictRules,
  CustomPolicy,
  MirrorTable,
  MirrorTables,
  PgTables,
  ScopeTables,
  SyncDefinition,
  SyncInput,
  WirePolicies,
  WirePolicy,
  WriteRules,
} from './definition.ts'
export {
  mirrorColumnDdl,
  mirrorDdl,
  mirrorIndexDdl,
  mirrorIndexName,
  mirrorTableDdl,
  mirrorType,
} from './mirror-ddl.ts'
export type { Problem } from './problem.ts'
export { quoteIdentifier, quotePostgresLiteral, quoteSqliteLiteral, quoteTable } from './quote.ts'
