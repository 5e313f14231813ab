/** The public surface of @landfall/server. */
export type {
  Authorize,
  AuthorizeChange,
  AuthorizeRow,
  Holder,
  HolderFunction,
  HolderKeys,
  Holders,
  HolderUser,
  NamedHolder,
} from './context.ts'
export {
  PostgresError,
  type PostgresFields,
  type Database,
  type Isolation,
  type Param,
  type TextRow,
  type TransactionOptions,
  type Tx,
} from './database/database.ts'
export { DEFAULT_LIMITS, type Limits } from './limits.ts'
export { migrateSync, type MigrationOptions, type MigrationReport } from './migrate/migrate.ts'
export type { Timeouts } from './database/adapters/settings.ts'
export type { DatabaseProblem } from './migrate/obstacles.ts'
export { releaseSync, type ReleaseOptions, type ReleaseReport } from './migrate/release.ts'
export { openDatabase, type DatabaseOptions } from './database/open-database.ts'
export { memberOf, type MemberColumns } from './scopes/member-of.ts'
export type { HealthProblem } from './health/faults.ts'
export type { Health } from './health/health.ts'
export {
  type GrantOptions,
  migrationGrants,
  runtimeGrants,
  type TableName,
} from './health/privileges.ts'
export type { ErrorLog } from './http/error-response.ts'
export type { Authenticate } from './http/gate.ts'
export { createSyncServer, type SyncServer, type SyncServerOptions } from './server.ts'
