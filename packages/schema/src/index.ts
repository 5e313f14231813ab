/** The public surface of @landfall/schema. */
export type { PolicyName } from '@landfall/protocol'
export type { SqliteValue } from './codec.ts'
export { defineSync } from './define-sync.ts'
export type {
  ColumnConflict,
  ColumnRules,
  ConflictRules,
  CustomPolicy,
  MirrorTable,
  MirrorTables,
  PgTables,
  ScopeTables,
  SyncDefinition,
  SyncInput,
  WriteRules,
} from './definition.ts'
export type { Problem } from './problem.ts'
export { type SharedScope, shared, type ThroughScope, through } from './scope-rules.ts'
