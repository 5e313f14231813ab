/** The public surface of @landfall/testkit: a deterministic world. Postgres, Chromium and apps: see the other exports. */
export { invalidValue } from './workload/invalid-value.ts'
export { randomValue } from './workload/values.ts'
export type { Device, Row } from './world/device.ts'
export { CALM, type Fate, type Weather } from './world/network.ts'
export { createRandom, type SeededRandom } from './world/random.ts'
export { createWorld, type World, type WorldOptions } from './world/world.ts'
