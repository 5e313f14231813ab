/** The public surface of @landfall/testkit: a deterministic world. Postgres, Chromium and apps: see the other exports. */
export type { Device, Row } from './world/device.ts'
export { createDisk, type Disk, type DiskCall, type DiskFate } from './world/disk.ts'
export { openDisk, type OpenDiskOptions, seedSqlite } from './world/open-disk.ts'
export { FAIR, type Weather } from './world/weather.ts'
export { createRandom, type SeededRandom } from './world/random.ts'
export { createWorld, type World, type WorldOptions } from './world/world.ts'
export { type StatementRun, watchDriver } from './world/watched-driver.ts'
