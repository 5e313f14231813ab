/** The public surface of @landfall/engine. */
export * from './api.ts'
export * from './ports.ts'
export type * from './store.ts'
