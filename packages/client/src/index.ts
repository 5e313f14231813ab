/** The public surface of @landfall/client. */
export type {
  ConflictsApi as Conflicts,
  EngineStatus as LandfallStatus,
  Phase,
  RejectionsApi as Rejections,
  Resolution,
  SqlParam,
  Statement,
  StorageState,
  StoredConflict,
  StoredRejection,
  SyncApi as Sync,
} from '@landfall/engine'
export { type ErrorCode, LandfallError } from '@landfall/protocol'
export type { BatchResult, Landfall, RunResult, Transaction } from './landfall.ts'
export type { DrizzleLiveQuery } from './live/drizzle-live.ts'
export type { Live, LiveResult } from './live/live-query.ts'
export { openLandfall } from './open.ts'
export type { BrowserOptions, LandfallOptions } from './options.ts'
export type { Scopes, ScopeStatus } from './scopes.ts'
export type { Row } from './row-objects.ts'
