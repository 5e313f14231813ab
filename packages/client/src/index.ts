/** The public surface of @landfall/client. */
export type {
  EngineStatus as LandfallStatus,
  Phase,
  SqlParam,
  Statement,
  StorageState,
  StoredConflict,
  StoredRejection,
} from '@landfall/engine'
export { type ErrorCode, LandfallError } from '@landfall/protocol'
export type { BatchResult, Landfall, RunResult, Transaction } from './landfall.ts'
export type { DrizzleLiveQuery } from './live/drizzle-live.ts'
export type { Live, LiveResult } from './live/live-query.ts'
export { openLandfall } from './open.ts'
export type { BrowserOptions, LandfallOptions } from './options.ts'
export type { Conflicts, Rejections, Resolution, Scopes, ScopeStatus, Sync } from './parts.ts'
export type { Row } from './row-objects.ts'
