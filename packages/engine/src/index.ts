/** The public surface of @landfall/engine. */
export * from './api.ts'
export * from './ports.ts'
export type * from './store/store.ts'
export {
  type FileOptions,
  openFile,
  openMemory,
  openOpfs,
  type OpfsDatabase,
  type OpfsOptions,
} from './adapters/sqlite-wasm.ts'
export { loadSqlite, type SqliteModule } from './adapters/sqlite/raw.ts'
export { platformClock, platformNetwork, platformRandomness, platformSignals } from './adapters/platform.ts'
export { createEngine, type EngineOptions } from './engine.ts'
export { createLiveQueries, type LiveQueries } from './live/live-queries.ts'
export { openStore, type StorePorts } from './store/open-store.ts'
