/** The public surface of @landfall/client. */
export type {
  ConflictsApi as Conflicts,
  EngineStatus as LandfallStatus,
  Phase,
  RejectionsApi as Rejections,
  Resolution,
  HeldScope,
  SqlParam,
  Statement,
  StorageState,
  StoredConflict,
  StoredRejection,
  SyncApi as Sync,
} from '@landfall/engine'
export {
  type ChangesetNumber,
  type ClientId,
  type ConflictRecord,
  type DetailsOf,
  type DifferentKey,
  type ErrorCategory,
  type ErrorCode,
  type ErrorData,
  type ErrorDetails,
  hasCode,
  LandfallError,
  type Policy,
  type PolicyName,
  type ScopeKey,
  type TableDifference,
  type UserId,
  type VerifyReport,
  type WireRow,
  type WireValue,
} from '@landfall/protocol'
export type { BatchResult, Landfall, RunResult, Transaction, TransactionSettings } from './landfall.ts'
export type { DrizzleLiveQuery, DrizzleStatement } from './live/drizzle-live.ts'
export type { Live, LiveResult } from './live/live-query.ts'
export { openLandfall } from './open.ts'
export type { BrowserOptions, LandfallOptions } from './options.ts'
export type { Scopes, ScopeStatus } from './scopes.ts'
export type { Row } from './row-objects.ts'
