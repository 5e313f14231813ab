/** The public surface of @landfall/testkit: a world of devices and a server whose time, chance, network and disks are played. */
export type {
  EngineApi,
  EngineEvent,
  FileApi,
  LiveErrorEvent,
  LiveEvent,
  LivePatch,
  QueryResult,
  ScopesApi,
  SqlApi,
  StatusApi,
  StatusEvent,
  TransactionId,
  VerifyApi,
} from '@landfall/engine'
export type { Clock, Randomness } from '@landfall/protocol'
export { createVirtualClock, type OwnClock, type VirtualClock } from './world/clock.ts'
export type { Device, Row } from './world/device.ts'
export type { Disk, DiskCall, DiskFate } from './world/disk.ts'
export type { DeviceNetwork } from './world/network.ts'
export { createRandom, type SeededRandom } from './world/random.ts'
export type { StatementRun } from './world/watched-driver.ts'
export { FAIR, type Mishap, type Weather } from './world/weather.ts'
export { type Client, createWorld, type World, type WorldOptions } from './world/world.ts'
