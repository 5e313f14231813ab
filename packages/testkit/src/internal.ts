/** What Landfall's own simulator takes of the testkit: the pieces that a world is made of. It may change. */
export { ownClock } from './world/clock.ts'
export { createDevice, openDevice } from './world/device.ts'
export { createDisk } from './world/disk.ts'
export type { Exchange } from './world/network.ts'
export { openDisk, seedSqlite } from './world/open-disk.ts'
export { type Busy, counted, createBusy, stillness, whileCounted } from './world/stillness.ts'
export { watchDriver } from './world/watched-driver.ts'
export type { NetworkFault } from './world/weather.ts'
