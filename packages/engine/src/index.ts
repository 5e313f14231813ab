/** The public surface of @landfall/engine. */
export * from './api.ts'
export * from './ports.ts'
export type * from './store.ts'
export { createEngine, type EngineOptions, type LiveQueries } from './engine.ts'
export { platformClock, platformNetwork, platformRandomness, platformSignals } from './adapters/platform.ts'
