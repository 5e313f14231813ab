/** The public surface of @landfall/engine. */
export * from './api.ts'
export * from './ports.ts'
export type * from './store.ts'
export { createEngine, type EngineOptions, type LiveQueries } from './engine.ts'
export { platformClock, platformNetwork, platformRandomness, platformSignals } from './adapters/platform.ts'
export { openMemory, openOpfs, type OpfsDatabase, type OpfsOptions } from './adapters/sqlite-wasm.ts'
export { createLiveQueries } from './live.ts'
export { openStore, type StorePorts } from './store/open-store.ts'
